// The plan: every question with its state, cases grouped; beside the question, or a drawer on phones.
import { h, hidden, button } from "./dom.js";
import { M } from "./messages.js";
/** @import { Room, Stop } from "./types.js" */

/**
 * @param {Room} room
 * @param {{instructions: () => void, shortcuts: () => void, saveQueue: () => void}} open
 */
export function planPanel(room, open) {
  const list = h("div", { class: "plan__groups" });
  const progress = h("p", { class: "plan__progress" });
  const saveQueue = button(M.saveQueue, open.saveQueue, "btn--quiet btn--small");
  saveQueue.hidden = true;
  const close = button(M.close, () => show(false), "btn--small btn--quiet plan__close");
  const panel = h("nav", { class: "plan", id: "plan", "aria-labelledby": "plan-title" },
    h("div", { class: "plan__head" }, h("h2", { id: "plan-title" }, M.planTitle), close), progress, list, legend(),
    h("div", { class: "plan__tools" },
      button(M.instructions, open.instructions, "btn--quiet btn--small"),
      button(M.shortcuts, open.shortcuts, "btn--quiet btn--small"), saveQueue,
      h("button", { type: "button", class: "btn btn--quiet btn--small", "data-theme-toggle": true, hidden: true }),
      textSize()));
  const toggle = h("button", { type: "button", class: "btn btn--small room-top__plan", "aria-expanded": "false", "aria-controls": "plan", onclick: () => show(!panel.classList.contains("is-open")) }, M.plan);

  /** @param {boolean} on */
  const show = (on) => {
    panel.classList.toggle("is-open", on);
    toggle.setAttribute("aria-expanded", String(on));
    if (on) close.focus();
    else if (panel.contains(document.activeElement)) toggle.focus();
  };
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(false);
  });

  /** @param {string} current */
  const refresh = (current) => {
    const { model } = room;
    const focused = document.activeElement instanceof HTMLElement && list.contains(document.activeElement) ? document.activeElement.dataset.question : null;
    const stops = model.stops();
    const groups = model.room.elements.reduce((/** @type {{title:string, stops:Stop[]}[]} */ found, element) => {
      const own = stops.filter((s) => (element.type === "case" ? s.of === element : s.of === null && s.question === element.id));
      const last = found.at(-1);
      if (element.type === "case") found.push({ title: element.title, stops: own });
      else if (last && last.title === "") last.stops.push(...own);
      else found.push({ title: "", stops: own });
      return found;
    }, []);
    list.replaceChildren(...groups.map((group) => h("div", { class: "plan__group" },
      group.title && h("p", { class: "plan__case" }, group.title),
      h("ol", {}, ...group.stops.map((stop) => h("li", {}, item(stop, current)))))));
    progress.textContent = M.answeredOf(model.summary().answered, model.room.question_count);
    if (focused) list.querySelector(`[data-question="${CSS.escape(focused)}"]`)?.dispatchEvent(new Event("refocus"));
  };

  /** @param {Stop} stop @param {string} current */
  const item = (stop, current) => {
    const mark = room.model.mark(stop);
    const flagged = room.model.flagged(stop.question);
    const words = [M.marks[mark], flagged ? M.markFlag : ""].filter(Boolean).join(", ");
    const answered = room.model.answered(stop.question) ? " is-answered" : "";
    const element = h("button", {
      type: "button", class: `plan__item plan__item--${mark}${answered}${flagged ? " is-flagged" : ""}`, "data-question": stop.question,
      disabled: mark === "hidden", "aria-current": stop.question === current ? "step" : null,
      onclick: () => {
        show(false);
        room.go(stop.question);
      },
    }, hidden(`${M.question(stop.number)}, ${words}`), h("span", { "aria-hidden": "true" }, String(stop.number)));
    element.addEventListener("refocus", () => element.focus());
    return element;
  };
  /** @param {boolean} on are there answers that wait? */
  const offerQueue = (on) => (saveQueue.hidden = !on);
  return { panel, toggle, refresh, offerQueue };
}

function legend() {
  /** @param {string} className @param {string} text */
  const row = (className, text) => h("li", {}, h("span", { class: `plan__item ${className}`, "aria-hidden": "true" }), text);
  return h("ul", { class: "plan__legend" }, row("plan__item--empty", M.marks.empty), row("plan__item--answered is-answered", M.marks.answered),
    row("plan__item--empty is-flagged", M.markFlag), row("plan__item--locked", M.marks.locked), row("plan__item--hidden", M.marks.hidden));
}

function textSize() {
  const root = document.documentElement;
  const size = () => Number(root.dataset.text ?? 0);
  /** @param {number} to */
  const set = (to) => {
    root.dataset.text = String(Math.min(3, Math.max(0, to)));
    try {
      localStorage.setItem("docimo-text", root.dataset.text);
    } catch { /* this page only */ }
  };
  try {
    set(Number(localStorage.getItem("docimo-text")) || 0);
  } catch { /* default size */ }
  return h("div", { class: "plan__size", role: "group", "aria-label": M.textSize },
    h("button", { type: "button", class: "btn btn--quiet btn--small", "aria-label": M.smaller, onclick: () => set(size() - 1) }, "A−"),
    h("button", { type: "button", class: "btn btn--quiet btn--small", "aria-label": M.larger, onclick: () => set(size() + 1) }, "A+"));
}
