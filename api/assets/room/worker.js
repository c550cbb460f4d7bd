// Serves the exam room when the network is gone: its page, its scripts, its styles. Never an answer of the interface:
// those are asked of the server, or come from what the page itself keeps.

/** What the room is made of, under the address of its version; a test compares it with what is served. */
const FILES = [
  "base.css", "room.css", "theme.js",
  "room/api.js", "room/bars.js", "room/browser.js", "room/case.js", "room/choices.js", "room/clock.js", "room/dom.js", "room/export.js",
  "room/heartbeat.js", "room/keys.js", "room/main.js", "room/map.js", "room/messages.js", "room/model.js",
  "room/notices.js", "room/offline.js", "room/order.js", "room/paper.js", "room/question.js", "room/queue.js",
  "room/room.js", "room/screens.js", "room/sealed.js", "room/stop.js", "room/store.js", "room/tabs.js", "room/text.js",
  "room/typing.js", "room/vault.js", "room/viewer.js", "room/zones.js",
];

const worker = /** @type {any} */ (globalThis);
/** `/static/<hash of all files>/` */
const BASE = location.pathname.slice(0, location.pathname.indexOf("/room/") + 1);
/** A network that hangs is none. */
const PATIENCE_MS = 6000;

/** What is kept of an answer of the server. @typedef {{body:ArrayBuffer, headers:[string, string][]}} Kept */

// Not the browser's own caches: those are written lazily, and a browser that is killed may have lost them. What is in
// this base is on the disk once it is said to be.

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @type {Promise<IDBDatabase>|null} */
let opened = null;

function shell() {
  opened ??= (async () => {
    const request = indexedDB.open("docimo-shell", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("files");
      request.result.createObjectStore("pages");
    };
    const db = await asked(request);
    db.onversionchange = db.onclose = () => {
      db.close();
      opened = null;
    };
    return db;
  })();
  opened.catch(() => { opened = null; });
  return opened;
}

/** @param {"files"|"pages"} store @param {(store: IDBObjectStore) => void} work */
async function write(store, work) {
  const transaction = (await shell()).transaction(store, "readwrite", { durability: "strict" });
  work(transaction.objectStore(store));
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** @param {"files"|"pages"} store @param {string} path @returns {Promise<Response|undefined>} */
async function kept(store, path) {
  try {
    /** @type {Kept|undefined} */
    const found = await asked((await shell()).transaction(store).objectStore(store).get(path));
    return found && new Response(found.body, { headers: found.headers });
  } catch {
    return undefined;
  }
}

/** What is to be kept of it: as decoded, so without what said how it was packed. @param {Response} reply @returns {Promise<Kept>} */
async function keeping(reply) {
  const packed = ["content-encoding", "content-length", "transfer-encoding", "set-cookie"];
  return { body: await reply.arrayBuffer(), headers: [...reply.headers].filter(([name]) => !packed.includes(name)) };
}

/** @param {string} path */
async function file(path) {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
  return /** @type {const} */ ([path, await keeping(reply)]);
}

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    const files = await Promise.all(FILES.map((name) => file(BASE + name)));
    await write("files", (store) => files.forEach(([path, kept]) => store.put(kept, path)));
    await worker.skipWaiting();
  })());
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    const db = await shell();
    const paths = await asked(db.transaction("files").objectStore("files").getAllKeys());
    const old = paths.filter((path) => !String(path).startsWith(BASE));
    await write("files", (store) => old.forEach((path) => store.delete(path)));
    await worker.clients.claim();
  })());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && /^\/epreuves\/[^/]+$/.test(pathname)) event.respondWith(page(request, pathname));
  else if (pathname.startsWith(BASE)) event.respondWith(kept("files", pathname).then((known) => known ?? fetch(request)));
});

/** What the page asked, one thing after the other: a page that is forgotten does not come back. @type {Promise<unknown>} */
let asking = Promise.resolve();

worker.addEventListener("message", (/** @type {any} */ event) => {
  const { keep, forget } = event.data;
  asking = asking.then(async () => {
    if (forget) await write("pages", (store) => store.delete(forget));
    if (keep) await keepPage(keep, await fetch(keep, { credentials: "same-origin", headers: { accept: "text/html" } }));
  }).catch(() => undefined);
  event.waitUntil(asking);
});

/** @param {string} path @param {Response} reply */
async function keepPage(path, reply) {
  if (!reply.ok || reply.redirected) return;
  const kept = await keeping(reply);
  await write("pages", (store) => store.put(kept, path));
}

/** The server's page while it answers, kept as it comes; the kept one otherwise. @param {Request} request @param {string} pathname */
async function page(request, pathname) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
  try {
    const reply = await fetch(request, { signal: abort.signal });
    await keepPage(pathname, reply.clone()).catch(() => undefined);
    if (reply.status >= 500) return (await kept("pages", pathname)) ?? reply;
    return reply;
  } catch (error) {
    const known = await kept("pages", pathname);
    if (known) return known;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
