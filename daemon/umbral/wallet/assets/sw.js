// Keeps the page, so that the wallet works without a network. The network comes first where there is one.
const kept = "umbral-wallet-1";
const files = ["./", "wallet.css", "wallet.js", "qr.js", "cose.js", "vault.js", "words.js", "icon.svg", "manifest.json"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(kept).then((c) => c.addAll(files)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || url.pathname.endsWith("/wallet.json")) return;
  event.respondWith(fetch(event.request).then((response) => {
    if (response.ok) {
      const copy = response.clone();
      event.waitUntil(caches.open(kept).then((c) => c.put(event.request, copy)));
    }
    return response;
  }).catch(() => caches.match(event.request, { ignoreSearch: true }).then((r) => r || caches.match("./"))));
});
