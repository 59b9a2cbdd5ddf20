// What a wallet needs of CBOR (RFC 8949), COSE (RFC 9052) and base45 (RFC 9285).

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

export function toBase45(data) {
  let text = "";
  for (let i = 0; i < data.length; i += 2) {
    if (i + 1 < data.length) {
      const n = data[i] << 8 | data[i + 1];
      text += alphabet[n % 45] + alphabet[Math.floor(n / 45) % 45] + alphabet[Math.floor(n / 2025)];
    } else {
      text += alphabet[data[i] % 45] + alphabet[Math.floor(data[i] / 45)];
    }
  }
  return text;
}

export function fromBase45(text) {
  const out = [];
  if (text.length % 3 === 1) throw new RangeError("base45 is cut off");
  for (let i = 0; i < text.length; i += 3) {
    const v = [...text.slice(i, i + 3)].map((c) => alphabet.indexOf(c));
    if (v.includes(-1)) throw new RangeError("character outside base45");
    const n = v[0] + 45 * v[1] + (v.length === 3 ? 2025 * v[2] : 0);
    if (n > (v.length === 3 ? 0xffff : 0xff)) throw new RangeError("base45 out of range");
    if (v.length === 3) out.push(n >> 8);
    out.push(n & 255);
  }
  return new Uint8Array(out);
}

export function join(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
}

function head(major, n) {
  if (n < 24) return Uint8Array.of(major << 5 | n);
  if (n < 0x100) return Uint8Array.of(major << 5 | 24, n);
  if (n < 0x10000) return Uint8Array.of(major << 5 | 25, n >> 8, n & 255);
  if (n < 0x100000000) return Uint8Array.of(major << 5 | 26, n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255);
  throw new RangeError("number too large");
}

export const int = (n) => n < 0 ? head(1, -1 - n) : head(0, n);
export const bytes = (data) => join(head(2, data.length), data);
export const text = (s) => { const data = new TextEncoder().encode(s); return join(head(3, data.length), data); };
export const array = (...items) => join(head(4, items.length), ...items);
export const map = (...pairs) => join(head(5, pairs.length), ...pairs.flat());
export const tag = (n, item) => join(head(6, n), item);

// decode reads one item of CBOR: numbers, strings, arrays, Maps, and what tags are around. It throws on anything odd.
export function decode(data) {
  let at = 0;
  const item = (depth) => {
    if (depth > 8 || at >= data.length) throw new RangeError("CBOR too deep or cut off");
    const first = data[at++], major = first >> 5;
    let n = first & 31;
    if (n >= 24) {
      if (n > 27) throw new RangeError("CBOR of indefinite length");
      let value = 0;
      for (let i = 1 << (n - 24); i > 0; i--) value = value * 256 + data[at++];
      n = value;
    }
    if (major === 7) { if (first === 0xfb) return NaN; return { 20: false, 21: true, 22: null }[n]; }
    if (!(n <= Number.MAX_SAFE_INTEGER) || (major >= 2 && major <= 5 && n > data.length)) throw new RangeError("CBOR length");
    switch (major) {
      case 0: return n;
      case 1: return -1 - n;
      case 2: case 3: {
        if (at + n > data.length) throw new RangeError("CBOR cut off");
        const part = data.slice(at, at += n);
        return major === 2 ? part : new TextDecoder("utf-8", { fatal: true }).decode(part);
      }
      case 4: return Array.from({ length: n }, () => item(depth + 1));
      case 5: {
        const m = new Map();
        for (let i = 0; i < n; i++) { const k = item(depth + 1); m.set(k, item(depth + 1)); }
        return m;
      }
    }
    return item(depth + 1); // a tag
  };
  return item(0);
}

// sign makes a tagged COSE_Sign1. key is {algorithm, privateKey} as key.js makes it.
export async function sign(key, payload, external) {
  const eddsa = key.algorithm === "EdDSA";
  const header = map([int(1), int(eddsa ? -8 : -7)]);
  const signed = array(text("Signature1"), bytes(header), bytes(new TextEncoder().encode(external)), bytes(payload));
  const how = eddsa ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
  const signature = new Uint8Array(await crypto.subtle.sign(how, key.privateKey, signed));
  return tag(18, array(bytes(header), map(), bytes(payload), bytes(signature)));
}

// coseKey writes a public key: raw is what WebCrypto exports.
export function coseKey(algorithm, raw) {
  if (algorithm === "EdDSA") return map([int(1), int(1)], [int(-1), int(6)], [int(-2), bytes(raw)]);
  return map([int(1), int(2)], [int(-1), int(1)], [int(-2), bytes(raw.slice(1, 33))], [int(-3), bytes(raw.slice(33))]);
}

async function inflate(data) {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return join(...parts);
    if ((size += value.length) > 32768) throw new RangeError("credential too large");
    parts.push(value);
  }
}

// read opens a credential for showing; nothing is verified. An encrypted one gives null.
export async function read(credential) {
  const message = decode(await inflate(fromBase45(credential)));
  if (!Array.isArray(message) || message.length < 3 || message.length > 4) throw new TypeError("not a credential");
  if (message.length === 3) return null;
  const claims = decode(message[2]);
  if (!(claims instanceof Map) || !(claims.get(169) instanceof Map)) throw new TypeError("not a credential");
  return claims;
}

// present makes the text of a rotating code.
export async function present(key, credential, audience, seconds) {
  const nonce = crypto.getRandomValues(new Uint8Array(8));
  const payload = map([int(3), text(audience)], [int(6), int(seconds)], [int(7), bytes(nonce)], [int(-65537), bytes(fromBase45(credential))]);
  return "UMBRAL1:" + toBase45(await sign(key, payload, "umbral presentation 1"));
}

// enrolment makes the text by which an issuer learns the public key.
export async function enrolment(key, claim, seconds) {
  const pairs = [[int(6), int(seconds)], [int(8), map([int(1), coseKey(key.algorithm, key.raw)])]];
  if (claim) pairs.unshift([int(2), text(claim)]);
  return "UMBRALKEY1:" + toBase45(await sign(key, map(...pairs), "umbral enrolment 1"));
}
