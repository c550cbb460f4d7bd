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
    localStorage.setItem(`docimo-at-${attempt}`, question); // for a browser that is closed
  } catch { /* the first question next time */ }
}

/** @param {string} attempt */
export function forgetPlace(attempt) {
  try {
    sessionStorage.removeItem(`docimo-at-${attempt}`);
    localStorage.removeItem(`docimo-at-${attempt}`);
    localStorage.removeItem(`docimo-unsure-${attempt}`);
  } catch { /* nothing was kept */ }
}

/** This machine's storage failed while the page worked: what it made is not known to the next one. @param {string} attempt */
export function markUnsure(attempt) {
  try {
    localStorage.setItem(`docimo-unsure-${attempt}`, "1");
  } catch { /* a browser that keeps nothing has nothing to go on from */ }
}

/** @param {string} attempt */
export function isUnsure(attempt) {
  try {
    return localStorage.getItem(`docimo-unsure-${attempt}`) !== null;
  } catch {
    return true;
  }
}

/** @param {string} attempt @param {boolean} closed was the browser itself perhaps closed? */
export function lastPlace(attempt, closed) {
  try {
    return sessionStorage.getItem(`docimo-at-${attempt}`) ?? (closed ? localStorage.getItem(`docimo-at-${attempt}`) : null) ?? "";
  } catch {
    return "";
  }
}
