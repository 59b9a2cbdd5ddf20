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
};

const words = {
  en: {
    idle: ["Welcome", "Come to the camera"],
    look: ["Look at the camera", "Hold still for a moment"],
    "one-at-a-time": ["One at a time", "The others please step back"],
    wait: ["One moment", ""],
    granted: ["Come in", ""], grantedName: "Welcome, {name}",
    denied: ["No entry", "Please ask the staff"],
    referred: ["Please wait", "Somebody is looking at your case"],
    lingering: ["You are done", "Please clear the gate"],
    "out-of-order": ["Out of order", "Please ask the staff"],
    problems: {
      "cut-off": ["Step into the middle", "Your whole face must be seen"], "too-small": ["Come closer", ""], "too-close": ["Step back a little", ""],
      "too-dark": ["More light, please", "Turn your face to the light"], "too-bright": ["Too bright", "Turn away from the strong light"],
      "blurred": ["Hold still", ""], "turned-away": ["Look straight ahead", ""], "tilted": ["Hold your head upright", ""],
      "covered": ["Show your whole face", "Take off mask, scarf or sunglasses"], "eyes-closed": ["Open your eyes", ""],
    },
    reasons: {
      "not-enrolled": "You are not registered here", "ambiguous": "You could not be told apart for sure", "not-live": "Please show your own face, not a picture",
      "low-quality": "Your face was not seen well enough: come again", "several-people": "Please come one at a time", "time-out": "It took too long: come again",
      "identity-changed": "Please come one at a time", "journal-unavailable": "The gate can't keep its record now", "camera-lost": "The camera gives no picture",
      "clock-untrusted": "The gate does not know the time",
    },
    lost: "No connection to the gate",
  },
  es: {
    idle: ["Bienvenido", "Acérquese a la cámara"],
    look: ["Mire a la cámara", "Quédese quieto un momento"],
    "one-at-a-time": ["De uno en uno", "Los demás, un paso atrás, por favor"],
    wait: ["Un momento", ""],
    granted: ["Adelante", ""], grantedName: "Adelante, {name}",
    denied: ["Acceso denegado", "Pregunte al personal"],
    referred: ["Espere, por favor", "Una persona revisa su caso"],
    lingering: ["Ya está", "Deje libre el paso, por favor"],
    "out-of-order": ["Fuera de servicio", "Pregunte al personal"],
    problems: {
      "cut-off": ["Póngase en el centro", "Debe verse toda la cara"], "too-small": ["Acérquese", ""], "too-close": ["Un paso atrás", ""],
      "too-dark": ["Falta luz", "Gire la cara hacia la luz"], "too-bright": ["Demasiada luz", "Apártese de la luz fuerte"],
      "blurred": ["Quédese quieto", ""], "turned-away": ["Mire al frente", ""], "tilted": ["Mantenga la cabeza recta", ""],
      "covered": ["Muestre toda la cara", "Quítese mascarilla, bufanda o gafas de sol"], "eyes-closed": ["Abra los ojos", ""],
    },
    reasons: {
      "not-enrolled": "No está registrado aquí", "ambiguous": "No se le pudo distinguir con seguridad", "not-live": "Muestre su propia cara, no una imagen",
      "low-quality": "No se vio bien la cara: vuelva a intentarlo", "several-people": "Pasen de uno en uno", "time-out": "Tardó demasiado: vuelva a intentarlo",
      "identity-changed": "Pasen de uno en uno", "journal-unavailable": "El acceso no puede registrar el paso", "camera-lost": "La cámara no da imagen",
      "clock-untrusted": "El acceso no conoce la hora",
    },
    lost: "Sin conexión con el acceso",
  },
  zh: {
    idle: ["欢迎", "请走到摄像头前"],
    look: ["请看摄像头", "请保持不动"],
    "one-at-a-time": ["请逐一通过", "其他人请后退"],
    wait: ["请稍候", ""],
    granted: ["请通行", ""], grantedName: "{name}，请通行",
    denied: ["禁止通行", "请联系工作人员"],
    referred: ["请稍候", "正在人工审核"],
    lingering: ["已完成", "请离开通道"],
    "out-of-order": ["暂停使用", "请联系工作人员"],
    problems: {
      "cut-off": ["请站到中间", "需要看到整张脸"], "too-small": ["请靠近一些", ""], "too-close": ["请后退一点", ""],
      "too-dark": ["光线太暗", "请面向光源"], "too-bright": ["光线太强", "请避开强光"],
      "blurred": ["请保持不动", ""], "turned-away": ["请正视前方", ""], "tilted": ["请抬正头部", ""],
      "covered": ["请露出整张脸", "请摘下口罩、围巾或墨镜"], "eyes-closed": ["请睁开眼睛", ""],
    },
    reasons: {
      "not-enrolled": "您尚未登记", "ambiguous": "无法确认身份", "not-live": "请使用本人真实面部", "low-quality": "面部不够清晰，请重试",
      "several-people": "请逐一通过", "time-out": "超时，请重试", "identity-changed": "请逐一通过", "journal-unavailable": "暂时无法记录",
      "camera-lost": "摄像头无画面", "clock-untrusted": "时钟不可信",
    },
    lost: "与闸机失去连接",
  },
};

const asked = new URLSearchParams(location.search).get("lang");
const lang = words[asked] ? asked : "en";
const t = words[lang];
document.documentElement.lang = lang;

const problemShapes = { "too-small": "closer", "too-close": "back", "cut-off": "face", "too-dark": "light", "too-bright": "light" };
const codeShapes = { idle: "idle", look: "face", "one-at-a-time": "one", wait: "pause", granted: "yes", denied: "no", referred: "pause", lingering: "yes", "out-of-order": "no" };

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
  say(s.code, shape, title, help, s.code === "look" ? s.progress : s.code === "granted" ? 100 : 0);
}

say("wait", "pause", t.wait[0], "", 0);
const events = new EventSource("/api/v1/events");
events.onerror = () => say("out-of-order", "no", t["out-of-order"][0], t.lost, 0);
events.onmessage = (e) => show(JSON.parse(e.data).screen);
