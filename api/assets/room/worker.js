// Serves the exam room when the network is gone: its page, its scripts, its styles. Never an answer of the interface:
// those are asked of the server, or come from what the page itself keeps.

/** What the room is made of, under the address of its version; a test compares it with what is served. */
const FILES = [
  "base.css", "room.css", "theme.js",
  "room/api.js", "room/bars.js", "room/case.js", "room/choices.js", "room/clock.js", "room/dom.js", "room/export.js",
  "room/heartbeat.js", "room/keys.js", "room/main.js", "room/map.js", "room/messages.js", "room/model.js",
  "room/notices.js", "room/offline.js", "room/order.js", "room/paper.js", "room/question.js", "room/queue.js",
  "room/room.js", "room/screens.js", "room/sealed.js", "room/store.js", "room/tabs.js", "room/text.js",
  "room/typing.js", "room/vault.js", "room/viewer.js", "room/zones.js",
];

const worker = /** @type {any} */ (globalThis);
/** `/static/<hash of all files>/` */
const BASE = location.pathname.slice(0, location.pathname.indexOf("/room/") + 1);
const OWN = `docimo-room-${BASE.split("/")[2]}`;
const PAGES = "docimo-room-pages";
/** A network that hangs is none. */
const PATIENCE_MS = 6000;

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(OWN).then((cache) => cache.addAll(FILES.map((file) => BASE + file))).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("docimo-room-") && name !== OWN && name !== PAGES) await caches.delete(name);
    await worker.clients.claim();
  })());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && /^\/epreuves\/[^/]+$/.test(pathname)) event.respondWith(page(request, pathname));
  else if (pathname.startsWith("/static/")) event.respondWith(caches.match(pathname).then((known) => known ?? fetch(request)));
});

/** The server's page while it answers, kept as it comes; the kept one otherwise. @param {Request} request @param {string} pathname */
async function page(request, pathname) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
  const kept = () => caches.open(PAGES).then((cache) => cache.match(pathname));
  try {
    const reply = await fetch(request, { signal: abort.signal });
    if (reply.ok && !reply.redirected) await caches.open(PAGES).then((cache) => cache.put(pathname, reply.clone())).catch(() => undefined);
    if (reply.status >= 500) return (await kept()) ?? reply;
    return reply;
  } catch (error) {
    const known = await kept();
    if (known) return known;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
