// The life of this page among others: one may answer at a time in this browser, the newest one;
// nothing typed is lost when it is hidden or left.

/** @param {string} attempt @param {() => void} onLost */
export function claim(attempt, onLost) {
  if (!("BroadcastChannel" in window)) return;
  const channel = new BroadcastChannel(`docimo-room-${attempt}`);
  const me = `${performance.timeOrigin}-${Math.random()}`;
  channel.addEventListener("message", (event) => {
    if (event.data?.opened && event.data.opened !== me) onLost();
  });
  channel.postMessage({ opened: me });
}

/** @param {() => void} flush @param {() => boolean} waiting @param {() => void} onReturn */
export function onLeaving(flush, waiting, onReturn) {
  addEventListener("pagehide", flush);
  addEventListener("beforeunload", (event) => {
    flush();
    if (waiting()) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    flush();
    if (!document.hidden) onReturn();
  });
  addEventListener("online", onReturn);
}

/** @param {string} attempt @param {string} question */
export function rememberPlace(attempt, question) {
  try {
    sessionStorage.setItem(`docimo-at-${attempt}`, question);
  } catch { /* the first question next time */ }
}

/** @param {string} attempt */
export function lastPlace(attempt) {
  try {
    return sessionStorage.getItem(`docimo-at-${attempt}`) ?? "";
  } catch {
    return "";
  }
}
