"use strict";
// The page shows State (see daemon/local/state.go) as it comes and asks for pictures while it is seen.

const $ = (id) => document.getElementById(id);
const text = (id, value) => { const e = $(id); if (e.textContent !== value) e.textContent = value; };

function element(tag, className, content) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (content !== undefined) e.textContent = content;
  return e;
}

// replace changes a list only where its content changed, so that nothing flickers and screen readers stay quiet.
const shown = new Map();
function replace(id, key, make) {
  if (shown.get(id) === key) return;
  shown.set(id, key);
  $(id).replaceChildren(...make());
}

const clock = (t) => new Date(t).toLocaleTimeString("en-GB");
const mib = (n) => (n / 1048576).toFixed(1) + " MiB";
const number = (n) => n.toLocaleString("en");
const verdictClass = { grant: "good", deny: "bad", refer: "wait" };
const screenWords = {
  "idle": "Nobody is here", "guide": "Guiding", "look": "Looking", "one-at-a-time": "One at a time, please",
  "wait": "Recording the decision", "granted": "Granted", "denied": "Denied", "referred": "Referred to a reviewer",
  "lingering": "Already decided a moment ago", "out-of-order": "Out of order", "ask": "Asking", "guardian": "Waiting for the guardian",
};
const screenClass = { granted: "good", denied: "bad", "out-of-order": "bad", guide: "wait", "one-at-a-time": "wait", referred: "wait", lingering: "wait" };

function span(seconds) {
  const d = Math.floor(seconds / 86400), h = Math.floor(seconds / 3600) % 24, m = Math.floor(seconds / 60) % 60;
  if (d) return `${d} d ${h} h`;
  if (h) return `${h} h ${m} min`;
  return m ? `${m} min ${Math.floor(seconds % 60)} s` : `${Math.floor(seconds)} s`;
}

function show(s) {
  document.title = `${s.terminal}: Umbral`;
  text("terminal", s.terminal);
  text("site", s.site ? "site " + s.site : "");
  text("identity", `version ${s.version}, boot ${s.boot}, up ${span(s.uptime_s)}, clock ${clock(s.clock.wall)} (${s.clock.trust}), config ${s.config}`);

  replace("conditions", JSON.stringify(s.conditions), () => s.conditions.map((c) => {
    const li = element("li", c.severity);
    li.append(element("strong", "", c.severity), element("span", "", c.text), element("time", "quiet", "since " + clock(c.since)));
    return li;
  }));

  const streaming = s.camera.state === "streaming";
  text("camera", `camera ${s.camera.state}`);
  $("camera").className = "pill " + (streaming ? "good" : "bad");
  text("note", s.camera.note ? "replay: " + s.camera.note : s.camera.text || s.camera.device);
  text("rate", `${s.frame.analysed_fps.toFixed(1)} frames/s analysed, ${s.camera.fps.toFixed(1)} from the camera`);

  const g = [screenWords[s.screen.code] || s.screen.code];
  if (s.screen.problem) g.push(s.screen.problem.replaceAll("-", " "));
  if (s.screen.name) g.push(s.screen.name);
  if (s.screen.text) g.push(s.screen.text);
  if (s.screen.ask) g.push(s.screen.ask.join(" or "));
  if (s.screen.hint) g.push(s.screen.hint.replaceAll("-", " "));
  if (s.screen.code === "look") g.push(s.screen.progress + " %");
  text("guidance", g.join(": ") + (s.passage.id ? `  (${s.passage.id})` : ""));
  $("guidance").className = "guidance " + (screenClass[s.screen.code] || "");

  replace("faces", JSON.stringify(s.frame.faces.map((f) => [f.track, f.problems, f.live, f.score, f.person])), () => s.frame.faces.map((f) => {
    const parts = [`face ${f.track}`];
    if (f.live !== null) parts.push(`live ${f.live.toFixed(2)}`);
    if (f.score !== null) parts.push(`${f.matched ? "is" : "nearest"} ${f.person} ${f.score.toFixed(2)}`);
    if (f.problems.length) parts.push(f.problems.join("; "));
    return element("li", "", parts.join(", "));
  }));

  text("policy", `${s.passage.policy}; similarity ${s.passage.threshold.toFixed(3)} for FMR ${s.passage.fmr}`);
  $("noverdicts").hidden = s.verdicts.length > 0;
  replace("verdicts", JSON.stringify(s.verdicts), () => s.verdicts.map((v) => {
    const li = element("li");
    const badge = element("span", "pill " + (verdictClass[v.verdict] || ""), v.kind === "passage" ? v.verdict : `${v.kind}: ${v.verdict}`);
    const who = v.name ? `${v.name} (${v.person})` : v.person || "";
    const figures = [(v.duration_ms / 1000).toFixed(1) + " s"];
    if (v.score !== null) figures.push("match " + v.score.toFixed(2));
    if (v.live !== null) figures.push("live " + v.live.toFixed(2));
    const what = element("div");
    if (who) what.append(element("strong", "", who));
    what.append(element("span", "why", v.text), element("span", "quiet", `${figures.join(", ")}  ${v.passage}`));
    li.append(element("time", "quiet", clock(v.time)), badge, what);
    return li;
  }));

  const longest = Math.max(1, ...s.stages.map((t) => t.p95_ms));
  replace("stages", JSON.stringify(s.stages), () => {
    const body = element("tbody");
    for (const t of s.stages) {
      const row = element("tr"), bar = element("div", "bar"), wide = element("i"), narrow = element("b"), cell = element("td");
      wide.style.width = 100 * t.p95_ms / longest + "%";
      narrow.style.width = 100 * t.p50_ms / longest + "%";
      bar.append(wide, narrow);
      cell.append(bar);
      row.append(element("td", "", t.name), element("td", "number", t.p50_ms.toFixed(2) + " ms"), element("td", "number", t.p95_ms.toFixed(2) + " ms"), cell);
      body.append(row);
    }
    return [body];
  });

  const faults = Object.entries(s.camera.faults).map(([k, n]) => `${k} ${n}`).join(", ");
  const m = s.fleet, st = s.store;
  const facts = [
    ["Camera", `${s.camera.device}, ${s.camera.format} ${s.camera.width}×${s.camera.height}`],
    ["Frames", `${number(s.camera.frames)} taken, ${number(s.camera.dropped)} dropped, ${number(s.camera.broken)} broken${faults ? "; faults: " + faults : ""}`],
    ["Door", s.door.text],
    ["People", `${number(st.people)}, ${number(st.references)} references of ${number(st.capacity)}`],
    ["Journal", `${number(st.entries)} entries, ${number(st.pending)} waiting; head ${st.head}, cursor ${st.cursor}; ${mib(st.journal_bytes)} of ${mib(st.journal_limit)}`],
    ["Copy", st.last_copy ? "last " + clock(st.last_copy) : "none since the start"],
    ["MQTT", m.enabled ? `${m.connected ? "connected" : "not connected"} to ${m.broker}${m.since ? " since " + clock(m.since) : ""}; ${number(m.delivered)} delivered, ${m.connects} connections, ${m.executed} commands obeyed, ${m.refused} refused${m.error ? "; " + m.error : ""}` : "off"],
    ["Memory", `${mib(s.memory.rss)} resident, ${mib(s.memory.heap)} heap; budget ${mib(s.memory.budget)} of ${mib(s.memory.limit)}; ${s.memory.goroutines} goroutines`],
    ["Kernels", s.memory.kernels],
  ];
  const fp = s.finger;
  if (fp) facts.push(["Finger", `${fp.device}: ${fp.fault || "answers"}; ${number(fp.presses)} presses, ${number(fp.matched)} matched; ${number(fp.exchanges)} exchanges, ${number(fp.damaged)} damaged, ${number(fp.timeouts)} unanswered, opened ${number(fp.opened)} times`]);
  if (st.fault) facts.push(["Store", st.fault]);
  if (st.recovery) facts.push(["Recovery", st.recovery]);
  replace("facts", JSON.stringify(facts), () => facts.flatMap(([k, v]) => [element("dt", "", k), element("dd", "", v)]));

  replace("models", JSON.stringify(s.models), () => {
    const body = element("tbody");
    for (const model of s.models) {
      const row = element("tr"), hash = element("td");
      hash.append(element("code", "", model.sha256.slice(0, 12)));
      hash.title = model.sha256;
      row.append(element("td", "", model.role), element("td", "", model.file), hash);
      body.append(row);
    }
    return [body];
  });
  overlay(s.frame, s.screen.code);
}

// overlay draws what was found over the picture.
function overlay(frame, code) {
  const canvas = $("overlay");
  if (canvas.width !== frame.width || canvas.height !== frame.height) { canvas.width = frame.width; canvas.height = frame.height; }
  const g = canvas.getContext("2d");
  g.clearRect(0, 0, canvas.width, canvas.height);
  g.font = "15px system-ui, sans-serif";
  for (const f of frame.faces) {
    const colour = f.problems.length ? "#f0c35a" : code === "granted" ? "#5fd39b" : code === "denied" ? "#ff8a80" : "#86b8f5";
    const [x0, y0, x1, y1] = f.box;
    g.strokeStyle = g.fillStyle = colour;
    g.lineWidth = 2;
    g.strokeRect(x0, y0, x1 - x0, y1 - y0);
    for (const [x, y] of f.points) g.fillRect(x - 1, y - 1, 2, 2);
    const label = [`${f.track}`];
    if (f.live !== null) label.push(`live ${f.live.toFixed(2)}`);
    if (f.score !== null) label.push(`${f.matched ? f.person : "?"} ${f.score.toFixed(2)}`);
    const words = label.join("  ");
    const width = g.measureText(words).width + 10;
    g.fillStyle = "rgba(0,0,0,.6)";
    g.fillRect(x0, Math.max(0, y0 - 22), width, 20);
    g.fillStyle = colour;
    g.fillText(words, x0 + 5, Math.max(15, y0 - 7));
  }
}

let lost = null;
function linkState(ok) {
  if (ok) lost = null; else if (!lost) lost = new Date();
  $("link").className = "pill " + (ok ? "good" : "bad");
  text("link", ok ? "live" : "connection lost since " + clock(lost));
}

follow((state) => { linkState(true); show(state); }, () => linkState(false));

// Pictures are asked for one after another, a few a second, and only while somebody looks.
let last = "";
async function picture() {
  let pause = 220;
  if (!document.hidden && !lost) {
    try {
      const answer = await fetch("/api/v1/picture.jpg", { cache: "no-store" });
      if (answer.ok && answer.headers.get("X-Frame-Sequence") !== last) {
        last = answer.headers.get("X-Frame-Sequence");
        const reader = new FileReader();
        reader.onload = () => { $("picture").src = reader.result; $("nopicture").hidden = true; };
        reader.readAsDataURL(await answer.blob());
      } else if (!answer.ok) {
        const failure = await answer.json();
        text("nopicture", failure.hint ? failure.error + ": " + failure.hint : failure.error);
        if (answer.status === 403) return; // nothing but another link helps
        pause = 1000;
      }
    } catch { /* the event stream tells of a lost connection */ }
  }
  setTimeout(picture, pause);
}
picture();
