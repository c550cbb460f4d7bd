// Notices above the bar below (they take room, they hide nothing), and a voice for screen readers.
import { h, button } from "./dom.js";
import { M } from "./messages.js";
/** @import { Status } from "./queue.js" */

const voice = h("p", { class: "visually-hidden", role: "status" });
const stack = h("div", { class: "room-notices", role: "status" });

/** @returns {HTMLElement} to be placed on the page */
export function noticeStack() {
  document.body.append(voice);
  return stack;
}

/** Spoken only. @param {string} text */
export function say(text) {
  voice.textContent = "";
  requestAnimationFrame(() => (voice.textContent = text));
}

/**
 * Shown until closed or replaced; one per key.
 * @param {string} key @param {string} text @param {"info"|"warning"|"danger"|"success"} [kind]
 * @param {{label:string, run:() => void}} [action]  then it cannot be closed
 */
export function notice(key, text, kind = "info", action) {
  const element = h("div", { class: `alert alert--${kind} room-notice`, "data-key": key }, h("p", {}, text),
    action ? button(action.label, action.run, "btn--small") : button(M.close, () => dismiss(key), "btn--small btn--quiet"));
  const old = find(key);
  if (old) old.replaceWith(element);
  else stack.append(element);
}

/** @param {string} key */
export function dismiss(key) {
  find(key)?.remove();
}

/** @param {string} key */
const find = (key) => [...stack.children].find((c) => c instanceof HTMLElement && c.dataset.key === key);

/** The state of saving has changed. @param {Status["kind"]} kind @param {boolean} durable does this machine keep what waits? */
export function tellSaving(kind, durable) {
  if (kind === "offline") notice("network", durable ? M.saidOffline : M.saidOfflineMemory, "warning");
  else if (kind === "busy" || kind === "server") say(M.saidTrouble);
  else if (kind === "refused") notice("network", M.saidRefused, "danger");
  else if (kind === "machine") notice("network", M.saidMachine, "warning");
  else if (kind === "session") notice("network", M.saidSession, "danger", { label: M.reconnect, run: () => void open(document.body.dataset.home || "/", "_blank") });
  else if (kind === "saved" && find("network")) {
    dismiss("network");
    say(M.saidOnline);
  }
}
