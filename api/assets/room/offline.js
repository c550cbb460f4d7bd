// The page itself without a network: a worker serves it, its scripts and its styles from this machine.

const PAGES = "docimo-room-pages";

/** Asks for the worker, and keeps this page with it. Nothing waits for it: without it the room works while it is open.
 *  @param {boolean} [again] it was forgotten since */
export async function keepPage(again = false) {
  if (!("serviceWorker" in navigator) || !("caches" in globalThis)) return;
  try {
    const already = navigator.serviceWorker.controller !== null;
    await navigator.serviceWorker.register(new URL("./worker.js", import.meta.url), { scope: "/epreuves/" });
    if (already && !again) return; // it kept this page as it came
    const reply = await fetch(location.pathname, { credentials: "same-origin", headers: { accept: "text/html" } });
    if (reply.ok && !reply.redirected) await (await caches.open(PAGES)).put(location.pathname, reply);
  } catch { /* a browser that refuses: it is told by nothing but the lack of it */ }
}

/** This page is no longer wanted here. */
export async function forgetPage() {
  try {
    await (await caches.open(PAGES)).delete(location.pathname);
  } catch { /* nothing was kept */ }
}
