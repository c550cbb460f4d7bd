// The bar above (exam, time, saved state, hand-in) and the bar below (previous, to review, next).
import { h, button, hidden } from "./dom.js";
import { M } from "./messages.js";
import { HIDE_LIMIT_MS } from "./clock.js";
/** @import { Status } from "./queue.js" */
/** @import { RoomData } from "./types.js" */

/** @param {Status} status */
function words(status) {
  if (status.kind === "saved") return M.saved;
  if (status.kind === "sending") return M.saving;
  if (status.kind === "offline") return M.offline(status.answers, status.steps);
  if (status.kind === "busy") return M.busy(status.steps);
  if (status.kind === "session") return M.session;
  return status.kind === "refused" ? M.refused : M.serverTrouble(status.steps);
}

/**
 * @param {RoomData} room
 * @param {HTMLElement} planToggle
 * @param {() => void} handIn
 */
export function topBar(room, planToggle, handIn) {
  const time = h("span", { class: "room-top__time num", role: "timer", "aria-live": "off" });
  const label = hidden(`${M.remaining} `);
  const hide = h("button", { type: "button", class: "room-top__hide", onclick: () => {
    wanted = !wanted;
    tick(last_ms);
  } });
  const state = h("p", { class: "room-top__state" });
  const finish = button(M.handIn, handIn, "btn--small room-top__end");
  const { index, count } = room.section_progress;
  const section = [room.section_title, count > 1 ? M.section(index, count) : ""].filter(Boolean).join(", ");
  const bar = h("header", { class: "room-top" },
    planToggle,
    h("p", { class: "room-top__exam" }, h("strong", {}, room.exam_title), " ", h("span", {}, section)),
    h("p", { class: "room-top__who" }, room.candidate_name, " ", h("span", { class: "num" }, room.candidate_number)),
    state, h("p", { class: "room-top__clock" }, label, time, hide), finish);

  let wanted = false;
  /** @type {number|null} */
  let last_ms = null;
  let rough = false;
  /** @param {number|null} remaining_ms @param {boolean} [approximate] */
  const tick = (remaining_ms, approximate = rough) => {
    last_ms = remaining_ms;
    rough = approximate;
    const near = remaining_ms !== null && remaining_ms <= HIDE_LIMIT_MS;
    const masked = wanted && !near && remaining_ms !== null;
    const text = masked ? M.timeHidden : remaining_ms === null ? M.noLimit : rough ? M.approximately(M.duration(remaining_ms)) : M.duration(remaining_ms);
    if (time.textContent !== text) time.textContent = text;
    const offer = wanted ? M.showTime : M.hideTime;
    if (hide.getAttribute("aria-label") !== offer) {
      hide.setAttribute("aria-label", offer);
      hide.title = offer;
      hide.classList.toggle("is-off", wanted);
    }
    hide.hidden = near || remaining_ms === null;
    bar.classList.toggle("is-near", near);
  };
  /** @param {Status} status */
  const show = (status) => {
    state.className = `room-top__state is-${status.kind}`;
    const text = words(status);
    if (state.textContent !== text) state.textContent = text;
  };
  return { bar, tick, show, finish };
}

/** @param {{previous: () => void, flag: () => void, next: () => void}} on */
export function bottomBar(on) {
  const previous = button(M.previous, on.previous, "room-bottom__previous");
  const flag = button(M.flag, on.flag, "room-bottom__flag");
  const next = button(M.next, on.next, "btn--primary room-bottom__next");
  const bar = h("nav", { class: "room-bottom", "aria-label": M.moving }, previous, flag, next);
  /** @param {{first:boolean, last:boolean, flagged:boolean, canFlag:boolean, toValidate:boolean}} at */
  const refresh = (at) => {
    previous.disabled = at.first;
    flag.setAttribute("aria-pressed", String(at.flagged));
    flag.disabled = !at.canFlag;
    // where the page's own button validates, going elsewhere is not what is expected
    next.classList.toggle("btn--primary", !at.toValidate);
    const text = at.last ? M.finish : M.next;
    if (next.textContent !== text) next.textContent = text;
  };
  return { bar, refresh };
}

/** @param {HTMLElement} place @param {HTMLElement} top @param {HTMLElement} plan @param {HTMLElement} notices @param {HTMLElement} bottom */
export function placeFrame(place, top, plan, notices, bottom) {
  const frame = h("div", { class: "room-frame" });
  place.before(h("a", { class: "skip-link", href: "#room" }, M.skip), top, frame);
  frame.append(plan, place);
  frame.after(h("div", { class: "room-foot" }, notices, bottom));
  place.tabIndex = -1;
}
