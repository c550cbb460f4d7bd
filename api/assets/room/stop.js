// The screen while the clock is stopped: nothing of the paper shows, what was answered leaves for the server.
import { h, button, closeDialogs } from "./dom.js";
import { M } from "./messages.js";
/** @import { ServerClock } from "./clock.js" */
/** @import { Status } from "./queue.js" */

/**
 * @param {ServerClock} clock
 * @param {() => void} resume ends one's own break
 */
export function stopScreen(clock, resume) {
  const heading = h("h1", { tabindex: "-1" });
  const lead = h("p", { class: "lead" });
  const time = h("p", { class: "room-screen__wait num", role: "timer", "aria-live": "off" });
  const saving = h("p", { role: "status" });
  const go = h("div", { class: "btn-row room-screen__end" }, button(M.breakEnd, resume, "btn--primary"));
  const screen = h("main", { class: "room-stop" }, h("div", { class: "room-screen" }, heading, lead, time, saving, go));
  let shown = "";

  /** Shows, hides or follows. @param {boolean} wanted @returns {boolean} is it shown? */
  const refresh = (wanted) => {
    const stop = wanted ? clock.clock?.stop : undefined;
    const cause = stop?.cause ?? "";
    if (cause !== shown) {
      shown = cause;
      document.body.dataset.stop = cause;
      if (stop) {
        closeDialogs();
        heading.textContent = M.stops[stop.cause].title;
        lead.textContent = M.stops[stop.cause].text;
        go.hidden = stop.cause !== "break";
        document.title = `${heading.textContent} – Docimo`;
        document.body.append(screen);
        heading.focus();
      } else {
        delete document.body.dataset.stop;
        screen.remove();
      }
    }
    if (stop) {
      const left_ms = stop.still_until_ms === null ? null : stop.still_until_ms - clock.now_ms();
      const remaining_ms = clock.remaining_ms();
      const said = left_ms !== null && left_ms <= 0 ? M.breakOver : left_ms !== null ? M.breakLeft(M.duration(left_ms)) : "";
      const kept = remaining_ms === null ? "" : M.stillLeft(M.duration(Math.max(0, remaining_ms)));
      const text = [said, kept].filter(Boolean).join(" ");
      if (time.textContent !== text) time.textContent = text;
    }
    return shown !== "";
  };
  /** @param {Status} status */
  const tell = (status) => {
    const text = status.kind === "saved" ? M.stopSaved : status.kind === "sending" ? M.saving : M.stopWaiting(status.answers);
    if (saving.textContent !== text) saving.textContent = text;
  };
  return { refresh, tell };
}
