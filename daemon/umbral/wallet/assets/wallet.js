import { encode } from "./qr.js";
import { enrolment, present, read } from "./cose.js";
import { clear, get, newKey, put } from "./vault.js";
import { words } from "./words.js";

const $ = (id) => document.getElementById(id);
const quiet = 3; // modules around a code, and more by the white card

let say = words.en;
let config = { audiences: [], issues: false, period: 5, known: false };
let state = {}; // key, credential, claims, audience, offset
let timer, lastRenewal = 0, lock = null;

// The terminals' clocks count, not the phone's: the difference to the issuer's clock is remembered while it was known.
const now = () => Math.floor((Date.now() + (state.offset || 0)) / 1000);

function tell(word, bad = false) {
  $("status").textContent = word ? say[word] || word : "";
  $("status").className = bad ? "bad" : "";
}

function speak(language) {
  say = words[language];
  document.documentElement.lang = language;
  $("language").value = language;
  for (const e of document.querySelectorAll("[data-word]")) e.textContent = say[e.dataset.word];
  $("enrolcode").setAttribute("aria-label", say.enrolCode);
  $("code").setAttribute("aria-label", say.code);
  $("other").setAttribute("aria-label", say.otherLabel);
  document.title = say.title;
}

// paint draws a code with whole pixels a module, as large as its place allows.
function paint(canvas, text) {
  const rows = encode(text), n = rows.length + 2 * quiet;
  const room = canvas.parentElement.clientWidth - 16, ratio = window.devicePixelRatio || 1;
  const module = Math.max(1, Math.floor(room * ratio / n));
  canvas.width = canvas.height = module * n;
  canvas.style.width = canvas.style.height = module * n / ratio + "px";
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  rows.forEach((row, y) => row.forEach((dark, x) => {
    if (dark) context.fillRect((x + quiet) * module, (y + quiet) * module, module, module);
  }));
  canvas.dataset.modules = rows.length;
}

async function view() {
  clearInterval(timer);
  const stage = !state.key ? "start" : !state.credential ? "enrol" : "show";
  for (const id of ["start", "enrol", "show"]) $(id).hidden = id !== stage;
  $("claimform").hidden = config.known && !config.issues;
  if (stage === "enrol") await renewEnrolment();
  if (stage === "show") await showCredential();
  if (stage !== "show" && lock) { lock.release(); lock = null; }
  document.body.dataset.stage = stage;
}

async function renewEnrolment() {
  paint($("enrolcode"), await enrolment(state.key, "", now()));
}

const date = (seconds) => new Date(seconds * 1000).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });

async function showCredential() {
  const claims = state.claims, id = claims?.get(169);
  $("name").textContent = id?.get(4) || id?.get(1) || claims?.get(2) || say.encrypted;
  const expires = claims?.get(4);
  $("validity").textContent = expires === undefined ? (claims ? say.noExpiry : "") : `${now() < expires ? say.validUntil : say.expired} ${date(expires)}`;
  const fields = {
    issuer: claims?.get(1), subject: claims?.get(2), fullName: id?.get(4), dateOfBirth: id?.get(8), nationality: id?.get(13),
    issued: claims?.get(6) === undefined ? undefined : date(claims.get(6)), algorithm: state.key.algorithm,
  };
  $("fields").replaceChildren(...Object.entries(fields).filter(([, v]) => v).flatMap(([k, v]) => {
    const term = document.createElement("dt"), value = document.createElement("dd");
    term.textContent = say.fields[k];
    value.textContent = v;
    return [term, value];
  }));
  listAudiences();
  await renew();
  tick();
  timer = setInterval(tick, 100);
  stayAwake();
}

function listAudiences() {
  const select = $("audience"), known = config.audiences.map((a) => a.id);
  const option = (value, label) => { const o = document.createElement("option"); o.value = value; o.textContent = label; return o; };
  select.replaceChildren(...config.audiences.map((a) => option(a.id, a.name || a.id)), option("", say.other));
  if (!state.audience && known.length) state.audience = known[0];
  select.value = known.includes(state.audience) ? state.audience : "";
  $("other").hidden = select.value !== "";
  if (select.value === "") $("other").value = state.audience || "";
}

// renew makes a fresh code. Several may be asked for at a time; the last one is shown.
let turn = 0;
async function renew() {
  const mine = ++turn;
  lastRenewal = performance.now();
  if (!state.audience || !state.credential) return;
  try {
    const text = await present(state.key, state.credential, state.audience, now());
    if (mine === turn && state.credential) paint($("code"), text);
  } catch (error) {
    tell(error instanceof RangeError ? "tooLong" : String(error), true);
  }
}

function tick() {
  const passed = (performance.now() - lastRenewal) / 1000, left = Math.max(0, config.period - passed);
  $("countdown").style.strokeDasharray = `${100 * left / config.period} 100`;
  $("seconds").textContent = `${Math.ceil(left)} s`;
  if (left <= 0 && document.visibilityState === "visible") renew();
}

async function stayAwake() {
  try {
    if (!lock && document.visibilityState === "visible") {
      lock = await navigator.wakeLock.request("screen");
      lock.addEventListener("release", () => { lock = null; });
    }
  } catch { /* the screen may go dark; the code still works */ }
}

// keep takes a credential in, if it belongs to this wallet's key.
async function keep(credential, offset) {
  let claims;
  try {
    claims = await read(credential);
  } catch {
    tell("notCredential", true);
    return false;
  }
  if (claims) {
    const holder = claims.get(8)?.get?.(1);
    if (!holder) { tell("unbound", true); return false; }
    const x = holder.get(-2), own = state.key.algorithm === "EdDSA" ? state.key.raw : state.key.raw.slice(1, 33);
    if (!x || x.length !== own.length || x.some((b, i) => b !== own[i])) { tell("otherKey", true); return false; }
  }
  state.credential = credential;
  state.claims = claims;
  await put("credential", credential);
  if (offset !== undefined) { state.offset = offset; await put("offset", offset); }
  tell("received");
  await view();
  return true;
}

async function claimCredential(code) {
  const claim = code.toUpperCase().replace(/[^0-9A-Z]/g, "");
  if (!claim) return;
  let answer;
  try {
    answer = await fetch("issue", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ enrolment: await enrolment(state.key, claim, now()) }),
    });
  } catch {
    tell("offline", true);
    return;
  }
  if (!answer.ok) { tell(answer.status === 429 ? "busy" : "wrongCode", true); return; }
  const { credential, now: theirs } = await answer.json();
  await keep(credential, difference(theirs));
}

// difference to another clock in milliseconds; one that the network may have made is none.
function difference(theirs) {
  const d = theirs * 1000 - Date.now();
  return Math.abs(d) < 2500 ? 0 : d;
}

async function load() {
  for (const name of ["key", "credential", "audience", "offset", "config"]) state[name] = await get(name);
  if (state.config) config = { ...config, ...state.config };
  if (state.credential) { try { state.claims = await read(state.credential); } catch { state.claims = null; } }
  const wanted = new URLSearchParams(location.search).get("lang") || await get("language") || navigator.language.slice(0, 2);
  speak(words[wanted] ? wanted : "en");
}

async function ask() {
  try {
    const answer = await fetch("wallet.json", { cache: "no-store" });
    if (!answer.ok) return;
    const { now: theirs, ...rest } = await answer.json();
    config = { ...config, ...rest, known: true };
    state.offset = difference(theirs);
    await put("config", rest);
    await put("offset", state.offset);
  } catch { /* without a network, what was known counts */ }
}

$("create").addEventListener("click", async () => {
  try {
    state.key = await newKey();
    await put("key", state.key);
    navigator.storage?.persist?.();
  } catch (error) {
    tell(window.isSecureContext ? String(error) : "insecure", true);
    return;
  }
  await view();
  const claim = new URLSearchParams(location.hash.slice(1)).get("claim");
  if (claim) { $("claim").value = claim; await claimCredential(claim); }
});
$("claimform").addEventListener("submit", (event) => { event.preventDefault(); claimCredential($("claim").value); });
$("pasteform").addEventListener("submit", (event) => { event.preventDefault(); keep($("paste").value.replace(/[\r\n]/g, "").trim()); });
$("language").addEventListener("change", async (event) => { speak(event.target.value); await put("language", event.target.value); tell(""); await view(); });
$("audience").addEventListener("change", async (event) => {
  state.audience = event.target.value;
  $("other").hidden = state.audience !== "";
  if (state.audience) { await put("audience", state.audience); await renew(); } else $("other").focus();
});
$("other").addEventListener("change", async (event) => { state.audience = event.target.value.trim(); await put("audience", state.audience); await renew(); });
$("forget").addEventListener("click", () => $("confirm").showModal());
$("confirm").addEventListener("close", async () => {
  if ($("confirm").returnValue !== "yes") return;
  await clear();
  state = { offset: state.offset };
  await view();
  tell("removed");
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && state.credential) { renew(); stayAwake(); }
});
addEventListener("resize", () => { if (state.credential) renew(); else if (state.key) renewEnrolment(); });

await load();
await view();
await ask();
await view();
const claim = new URLSearchParams(location.hash.slice(1)).get("claim");
if (claim) $("claim").value = claim;
if (claim && state.key && !state.credential) await claimCredential(claim);
if ("serviceWorker" in navigator && window.isSecureContext) navigator.serviceWorker.register("sw.js").catch(() => {});
