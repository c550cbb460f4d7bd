// QZP: points placed on an image, by mouse, finger or keyboard.
import { h, button } from "./dom.js";
import { M } from "./messages.js";
import { shown, zoomButton } from "./viewer.js";
/** @import { Point, Question, Room } from "./types.js" */

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MOVE_DELAY_MS = 150;

/** @param {number} fraction between 0 and 1, four decimals */
const bound = (fraction) => Math.round(Math.min(1, Math.max(0, fraction)) * 10_000) / 10_000;
/** @param {number} fraction */
const percent = (fraction) => Math.round(fraction * 100);

/** @param {Question} question @param {Room} room */
export function zones(question, room) {
  const picture = question.image;
  if (!picture) return h("div");
  const most = question.expected ?? 1;
  /** @type {Point[]} */
  let points = (room.model.response(question.id)?.points ?? []).map((p) => ({ ...p }));
  const counter = h("p", { class: "answer-count", role: "status" });
  const layer = h("div", { class: "pointing__layer" });
  const list = h("ol", { class: "pointing__list" });
  // Points are fractions of the picture: they are the same at every width.
  const image = shown(picture, { draggable: "false" });

  /** @param {number} i */
  const describe = (i) => M.pointAt(i + 1, percent(points[i].x), percent(points[i].y));
  /** @param {number} [delay_ms] */
  const send = (delay_ms) => room.answer(question.id, { points: points.map((p) => ({ ...p })) }, delay_ms);

  /** @param {number} i @param {Point} to @param {HTMLElement} marker */
  const move = (i, to, marker) => {
    points[i] = { x: bound(to.x), y: bound(to.y) };
    place(i, marker);
    send(MOVE_DELAY_MS);
  };
  /** @param {number} i @param {HTMLElement} marker */
  const place = (i, marker) => {
    marker.style.left = `${points[i].x * 100}%`;
    marker.style.top = `${points[i].y * 100}%`;
    marker.setAttribute("aria-label", `${describe(i)}. ${M.pointKeys}`);
    const line = list.children[i]?.firstElementChild;
    if (line) line.textContent = describe(i);
  };
  /** @param {number} i */
  const remove = (i) => {
    points.splice(i, 1);
    draw();
    send();
    room.say(M.pointRemoved(i + 1));
    const next = layer.children[Math.min(i, points.length - 1)] ?? add;
    if (next instanceof HTMLElement) next.focus();
  };
  /** @param {Point} point @param {boolean} focus */
  const put = (point, focus) => {
    if (room.readOnly(question.id)) return;
    if (points.length >= most) {
      counter.textContent = M.tooManyPoints(most);
      counter.classList.add("is-refused");
      return;
    }
    points.push({ x: bound(point.x), y: bound(point.y) });
    draw();
    send();
    const marker = layer.lastElementChild;
    if (focus && marker instanceof HTMLElement) marker.focus();
    else room.say(describe(points.length - 1));
  };
  /** @param {MouseEvent} event @returns {Point} */
  const where = (event) => {
    const box = layer.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };

  /** @param {number} i */
  const marker = (i) => {
    const element = h("button", { type: "button", class: "point-marker" }, String(i + 1));
    element.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (arrow && !event.altKey) {
        event.preventDefault();
        const by = event.shiftKey ? 0.05 : 0.01;
        move(i, { x: points[i].x + arrow[0] * by, y: points[i].y + arrow[1] * by }, element);
        room.say(describe(i));
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        remove(i);
      }
    });
    element.addEventListener("pointerdown", (event) => {
      if (room.readOnly(question.id) || event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId) && !room.readOnly(question.id)) move(i, where(event), element);
    });
    return element;
  };
  const draw = () => {
    counter.classList.remove("is-refused");
    counter.textContent = M.points(points.length, most);
    layer.replaceChildren(...points.map((_, i) => marker(i)));
    list.replaceChildren(...points.map((_, i) => h("li", {}, h("span"),
      h("button", { type: "button", class: "btn btn--quiet btn--small", onclick: () => remove(i), "aria-label": M.removePointN(i + 1) }, M.removePoint))));
    points.forEach((_, i) => {
      const element = layer.children[i];
      if (element instanceof HTMLElement) place(i, element);
    });
  };
  const add = button(M.addPoint, () => put({ x: 0.5, y: 0.5 }, true), "btn--small");
  layer.addEventListener("click", (event) => {
    if (event.target === layer) put(where(event), false);
  });
  draw();
  return h("div", { class: "pointing" },
    h("p", { class: "hint" }, M.zoneHint),
    h("div", { class: "pointing__frame", role: "group", "aria-label": M.zone }, image, layer),
    h("div", { class: "btn-row" }, add, zoomButton(picture)), counter, list);
}
