"use strict";
// The gate's screen: one message at a time, in the language of ?lang= (en, es, zh).

const shapes = {
  idle: "M68 150 V62 a32 32 0 0 1 64 0 V150 M52 150 H148",
  closer: "M100 52 V140 M66 108 L100 142 L134 108",
  back: "M100 148 V60 M66 92 L100 58 L134 92",
  face: "M72 84 v6 M128 84 v6 M72 122 q28 26 56 0",
  light: "M100 66 v-18 M100 152 v-18 M66 100 h-18 M152 100 h-18 M78 100 a22 22 0 1 0 44 0 a22 22 0 1 0 -44 0",
  one: "M84 74 L104 58 V144",
  yes: "M60 104 L90 134 L142 72",
  no: "M70 70 L130 130 M130 70 L70 130",
  pause: "M82 66 V134 M118 66 V134",
  code: "M60 60 h28 v28 h-28 z M112 60 h28 v28 h-28 z M60 112 h28 v28 h-28 z M112 112 h8 v8 M132 132 h8 v8 M132 112 v8 M112 132 v8",
  card: "M50 66 h100 v68 h-100 z M64 84 h24 v30 h-24 z M102 86 h34 M102 102 h34 M64 124 h72",
  mouth: "M58 100 q42 -34 84 0 q-42 40 -84 0 M58 100 h84",
  finger: "M80 140 q-12 -40 0 -60 q20 -24 40 0 q12 20 4 60 M100 96 q4 24 -2 50",
};

const asked = new URLSearchParams(location.search).get("lang");
const lang = words[asked] ? asked : "en";
const t = words[lang];
document.documentElement.lang = lang;

const askShapes = { credential: "code", card: "card", speech: "mouth", finger: "finger", remote: "pause" };
const problemShapes = { "too-small": "closer", "too-close": "back", "cut-off": "face", "too-dark": "light", "too-bright": "light" };
const codeShapes = { idle: "idle", look: "face", "one-at-a-time": "one", wait: "pause", granted: "yes", denied: "no", referred: "pause", lingering: "yes", "out-of-order": "no", guardian: "face" };

function say(code, shape, title, help, progress) {
  document.body.className = code;
  document.getElementById("shape").setAttribute("d", shapes[shape] || shapes.face);
  const ring = document.getElementById("ring");
  ring.style.strokeDasharray = `${progress} 100`;
  ring.setAttribute("class", progress ? "" : "none");
  for (const [id, value] of [["words", title], ["help", help]]) {
    const e = document.getElementById(id);
    if (e.textContent !== value) e.textContent = value;
  }
}

function show(s) {
  let [title, help] = t[s.code] || t.wait;
  let shape = codeShapes[s.code];
  if (s.code === "guide") {
    [title, help] = t.problems[s.problem] || t.look;
    shape = problemShapes[s.problem] || "face";
  } else if (s.code === "granted" && s.name) {
    title = t.grantedName.replace("{name}", s.name);
  } else if (s.reason) {
    help = t.reasons[s.reason] || (lang === "en" && s.text) || help;
  }
  if (s.code === "ask") [title, help, shape] = request(s);
  if (s.code === "guardian") [title, help] = t.guardian;
  say(s.code, shape, title, help, s.prompt ? 100 * s.prompt.share : s.code === "look" || s.code === "guardian" ? s.progress : s.code === "granted" ? 100 : 0);
  prompt(s.prompt);
  offer(s.offer);
}

// offer shows the code with which the phone fetches the credential.
function offer(o) {
  const box = document.getElementById("offer");
  box.hidden = !o;
  if (!o) return;
  document.getElementById("offer-code").textContent = `${t.offer} ${o.code.replace(/(.{4})(?=.)/g, "$1 ")}`;
  const n = (o.qr || []).length;
  const svg = document.getElementById("offer-qr");
  const text = JSON.stringify(o.qr);
  if (svg.dataset.qr === text) return;
  svg.dataset.qr = text;
  svg.setAttribute("viewBox", `-4 -4 ${n + 8} ${n + 8}`);
  const path = (o.qr || []).map((row, y) => [...row].map((m, x) => (m === "1" ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  svg.innerHTML = "";
  const e = document.createElementNS("http://www.w3.org/2000/svg", "path");
  e.setAttribute("d", path);
  svg.append(e);
}

// request is what the person is asked to present or to do.
function request(s) {
  const kinds = s.ask || [];
  let kind = kinds.includes("credential") && kinds.includes("card") ? "either" : kinds[0];
  if (kind === "speech" && s.prompt && s.prompt.kind === "move") kind = "move";
  const [title, help] = t.asks[kind] || t.wait;
  return [title, t.hints[s.hint] || help, askShapes[kinds[0]] || "pause"];
}

// prompt shows one digit or movement at a time, large, in place of everything else.
function prompt(p) {
  const box = document.getElementById("prompt");
  const button = document.getElementById("alternative");
  box.hidden = button.hidden = !p;
  document.body.classList.toggle("prompting", !!p);
  if (!p) return;
  const moves = p.kind === "move";
  let text = "";
  if (p.phase === "ready") text = t.ready;
  else if (p.phase === "show") text = moves ? t.moves[p.what] : String(p.what);
  box.textContent = text;
  box.className = p.phase === "show" && !moves ? "digit" : "word";
  button.textContent = t.alternative;
  button.hidden = moves;
}

document.getElementById("alternative").addEventListener("click", () => {
  fetch("/api/v1/screen/alternative", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
});

say("wait", "pause", t.wait[0], "", 0);
follow((state) => show(state.screen), () => say("out-of-order", "no", t["out-of-order"][0], t.lost, 0));
