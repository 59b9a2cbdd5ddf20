// QR codes of model 2 (ISO/IEC 18004), levels L and M, in alphanumeric mode, or bytes where the text does not allow it.

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

// Codewords of error correction in each block, and number of blocks, of versions 1 to 40 (table 9).
const correction = {
  L: [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
  M: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28],
};
const blocks = {
  L: [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25],
  M: [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49],
};
const levelBits = { L: 1, M: 0 };

// alignment gives the columns and rows of the alignment patterns (annex E).
function alignment(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26 : Math.floor((version * 4 + count * 2 + 1) / (count * 2 - 2)) * 2;
  const at = [6];
  for (let i = count - 2; i >= 0; i--) at.push(4 * version + 10 - i * step);
  return at;
}

// codewords is how many bytes a version holds, with those of error correction.
function codewords(version) {
  let modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const n = Math.floor(version / 7) + 2;
    modules -= (25 * n - 10) * n - 55;
    if (version >= 7) modules -= 36;
  }
  return Math.floor(modules / 8);
}

function capacity(version, level) {
  return codewords(version) - correction[level][version - 1] * blocks[level][version - 1];
}

// Multiplication in GF(256) with the polynomial x⁸+x⁴+x³+x²+1.
const exponent = new Uint8Array(510), logarithm = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  exponent[i] = exponent[i + 255] = x;
  logarithm[x] = i;
  x = x << 1 ^ (x & 128 ? 0x11d : 0);
}
const times = (a, b) => a && b ? exponent[logarithm[a] + logarithm[b]] : 0;

function generator(degree) {
  const g = new Uint8Array(degree);
  g[degree - 1] = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) g[j] = times(g[j], exponent[i]) ^ (j + 1 < degree ? g[j + 1] : 0);
  }
  return g;
}

function remainder(data, divisor) {
  const r = new Uint8Array(divisor.length);
  for (const b of data) {
    const factor = b ^ r[0];
    r.copyWithin(0, 1);
    r[r.length - 1] = 0;
    for (let i = 0; i < r.length; i++) r[i] ^= times(divisor[i], factor);
  }
  return r;
}

// segment gives the text's mode, its length in characters and its bits.
function segment(text) {
  const bits = [];
  const push = (value, n) => { for (let i = n - 1; i >= 0; i--) bits.push(value >> i & 1); };
  if ([...text].every((c) => alphabet.includes(c))) {
    for (let i = 0; i < text.length; i += 2) {
      const a = alphabet.indexOf(text[i]);
      if (i + 1 < text.length) push(a * 45 + alphabet.indexOf(text[i + 1]), 11);
      else push(a, 6);
    }
    return { mode: 2, length: text.length, widths: [9, 11, 13], bits };
  }
  const data = new TextEncoder().encode(text);
  for (const b of data) push(b, 8);
  return { mode: 4, length: data.length, widths: [8, 16, 16], bits };
}

// encode makes the smallest code that holds the text, of level M where that fits the same version, else L: rows of
// booleans, true for dark, without the quiet zone. It throws where the text is too long.
export function encode(text) {
  const s = segment(text);
  const needs = (version) => 4 + s.widths[version < 10 ? 0 : version < 27 ? 1 : 2] + s.bits.length;
  let version = 1;
  while (needs(version) > 8 * capacity(version, "L")) {
    if (++version > 40) throw new RangeError("text too long for a QR code");
  }
  const level = needs(version) <= 8 * capacity(version, "M") ? "M" : "L";
  return draw(version, level, interleave(version, level, pad(s, version, level)));
}

function pad(s, version, level) {
  const bits = [];
  const push = (value, n) => { for (let i = n - 1; i >= 0; i--) bits.push(value >> i & 1); };
  push(s.mode, 4);
  push(s.length, s.widths[version < 10 ? 0 : version < 27 ? 1 : 2]);
  for (const b of s.bits) bits.push(b);
  const size = 8 * capacity(version, level);
  push(0, Math.min(4, size - bits.length));
  push(0, (8 - bits.length % 8) % 8);
  for (let filler = 0xec; bits.length < size; filler ^= 0xec ^ 0x11) push(filler, 8);
  const data = new Uint8Array(size / 8);
  bits.forEach((b, i) => { data[i >> 3] |= b << (7 - i % 8); });
  return data;
}

// interleave splits the data into blocks, adds error correction, and takes a byte of each block in turn.
function interleave(version, level, data) {
  const total = codewords(version), count = blocks[level][version - 1], extra = correction[level][version - 1];
  const short = Math.floor(total / count) - extra, long = total % count; // the last blocks have a byte more
  const divisor = generator(extra);
  const parts = [];
  for (let i = 0, at = 0; i < count; i++) {
    const part = data.slice(at, at += short + (i >= count - long ? 1 : 0));
    parts.push({ part, check: remainder(part, divisor) });
  }
  const out = [];
  for (let i = 0; i <= short; i++) for (const { part } of parts) if (i < part.length) out.push(part[i]);
  for (let i = 0; i < extra; i++) for (const { check } of parts) out.push(check[i]);
  return out;
}

const masks = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => x * y % 2 + x * y % 3,
  (x, y) => (x * y % 2 + x * y % 3) % 2, (x, y) => ((x + y) % 2 + x * y % 3) % 2,
];

function draw(version, level, data) {
  const n = 17 + 4 * version;
  const dark = Array.from({ length: n }, () => new Uint8Array(n));
  const fixed = Array.from({ length: n }, () => new Uint8Array(n));
  const set = (x, y, d) => { dark[y][x] = d ? 1 : 0; fixed[y][x] = 1; };
  for (let i = 0; i < n; i++) { set(6, i, i % 2 === 0); set(i, 6, i % 2 === 0); }
  for (const [cx, cy] of [[3, 3], [n - 4, 3], [3, n - 4]]) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const x = cx + dx, y = cy + dy, r = Math.max(Math.abs(dx), Math.abs(dy));
        if (x >= 0 && y >= 0 && x < n && y < n) set(x, y, r !== 2 && r !== 4);
      }
    }
  }
  const at = alignment(version), last = at.length - 1;
  at.forEach((cy, j) => at.forEach((cx, i) => {
    if (i === 0 && j === 0 || i === 0 && j === last || i === last && j === 0) return;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }));
  formatBits(set, n, level, 0); // to reserve the place
  if (version >= 7) versionBits(set, n, version);
  place(dark, fixed, n, data);
  let best = -1, least = Infinity;
  for (let m = 0; m < 8; m++) {
    apply(dark, fixed, n, m);
    formatBits(set, n, level, m);
    const p = penalty(dark, n);
    if (p < least) { least = p; best = m; }
    apply(dark, fixed, n, m);
  }
  apply(dark, fixed, n, best);
  formatBits(set, n, level, best);
  return dark.map((row) => Array.from(row, (v) => v === 1));
}

function formatBits(set, n, level, mask) {
  const data = levelBits[level] << 3 | mask;
  let r = data;
  for (let i = 0; i < 10; i++) r = r << 1 ^ (r >> 9) * 0x537;
  const bits = (data << 10 | r) ^ 0x5412;
  const bit = (i) => bits >> i & 1;
  for (let i = 0; i < 6; i++) set(8, i, bit(i));
  set(8, 7, bit(6)); set(8, 8, bit(7)); set(7, 8, bit(8));
  for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i));
  for (let i = 0; i < 8; i++) set(n - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; i++) set(8, n - 15 + i, bit(i));
  set(8, n - 8, 1);
}

function versionBits(set, n, version) {
  let r = version;
  for (let i = 0; i < 12; i++) r = r << 1 ^ (r >> 11) * 0x1f25;
  const bits = version << 12 | r;
  for (let i = 0; i < 18; i++) {
    const a = n - 11 + i % 3, b = Math.floor(i / 3);
    set(a, b, bits >> i & 1);
    set(b, a, bits >> i & 1);
  }
}

// place writes the bits in columns of two, upwards and downwards in turn, from the right.
function place(dark, fixed, n, data) {
  let i = 0;
  for (let right = n - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let v = 0; v < n; v++) {
      for (let j = 0; j < 2; j++) {
        const x = right - j, y = (right + 1 & 2) === 0 ? n - 1 - v : v;
        if (!fixed[y][x] && i < data.length * 8) {
          dark[y][x] = data[i >> 3] >> (7 - i % 8) & 1;
          i++;
        }
      }
    }
  }
}

function apply(dark, fixed, n, mask) {
  for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) if (!fixed[y][x] && masks[mask](x, y) === 0) dark[y][x] ^= 1;
}

// penalty is the sum of what makes a code hard to read (7.8.3): long runs, blocks, look-alikes of finder patterns, and
// too much of one colour.
function penalty(dark, n) {
  let sum = 0, count = 0;
  const line = (get) => {
    let run = 0, colour = -1;
    let history = 0; // the last eleven modules
    for (let i = 0; i < n; i++) {
      const c = get(i);
      if (c === colour) {
        run++;
        if (run === 5) sum += 3;
        else if (run > 5) sum++;
      } else { colour = c; run = 1; }
      history = (history << 1 | c) & 0x7ff;
      if (i >= 10 && (history === 0x05d || history === 0x5d0)) sum += 40;
    }
  };
  for (let i = 0; i < n; i++) { line((j) => dark[i][j]); line((j) => dark[j][i]); }
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      count += dark[y][x];
      if (x + 1 < n && y + 1 < n) {
        const c = dark[y][x];
        if (c === dark[y][x + 1] && c === dark[y + 1][x] && c === dark[y + 1][x + 1]) sum += 3;
      }
    }
  }
  return sum + 10 * Math.floor(Math.abs(20 * count - 10 * n * n) / (n * n));
}
