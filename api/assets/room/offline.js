// The page itself without a network: a worker serves it, its scripts and its styles from this machine.

/** Asks for the worker, and keeps this page with it. Nothing waits for it: without it the room works while it is open.
 *  @param {boolean} [again] it was forgotten since */
export async function keepPage(again = false) {
  if (!("serviceWorker" in navigator)) return;
  try {
    const already = navigator.serviceWorker.controller !== null;
    await navigator.serviceWorker.register(new URL("./worker.js", import.meta.url), { scope: "/epreuves/" });
    if (already && !again) return; // it kept this page as it came
    (await navigator.serviceWorker.ready).active?.postMessage({ keep: location.pathname });
  } catch { /* a browser that refuses: it is told by nothing but the lack of it */ }
}

/** This page is no longer wanted here. */
export async function forgetPage() {
  if (!("serviceWorker" in navigator)) return;
  try {
    (await navigator.serviceWorker.getRegistration())?.active?.postMessage({ forget: location.pathname });
  } catch { /* nothing was kept */ }
}
