// Zones drawn on their image: by mouse, finger or keyboard. The fields of each zone stay the truth: this only draws
// them, and writes into them.
import { h, button } from "../room/dom.js";
import { itemsOf } from "./lists.js";
import { M } from "./messages.js";
import { drawn, handles, pulled, readShape, shifted, stretched, writeShape } from "./shapes.js";
/** @import { Lists } from "./lists.js" */
/** @import { Point, Shape } from "./shapes.js" */

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 1000;
const MOVE_PX = 4;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-0.01, 0], ArrowRight: [0.01, 0], ArrowUp: [0, -0.01], ArrowDown: [0, 0.01] };

/** @param {string} tag @param {Record<string, string|number>} attributes */
function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

export class Drawing {
  #question;
  #list;
  #frame;
  #lists;
  #say;
  #layer;
  #hint;
  #close;
  /** @type {HTMLElement|null} */
  #chosen = null;
  /** Waits for a shape to be drawn. */
  #armed = false;
  /** @type {[number, number][]} corners of the polygon being drawn */
  #corners = [];
  /** @type {{from:Point, shape:Shape, handle:number|null, drawing:boolean, item:HTMLElement, moved:boolean}|null} */
  #held = null;

  /** @param {HTMLElement} question @param {Lists} lists @param {(words:string) => void} say */
  constructor(question, lists, say) {
    this.#question = question;
    this.#lists = lists;
    this.#say = say;
    const list = question.querySelector('[data-list$=".zones"]');
    const frame = question.querySelector("[data-drawing]");
    if (!(list instanceof HTMLElement) || !(frame instanceof HTMLElement)) throw new Error("no zones here");
    this.#list = list;
    this.#frame = frame;
    frame.classList.add("drawing--zones");
    this.#layer = svg("svg", { class: "drawing__layer", role: "group", "aria-label": M.zonesArea });
    frame.append(this.#layer);
    this.#close = button(M.closePolygon, () => this.#endPolygon(), "btn--small");
    this.#close.hidden = true;
    this.#hint = h("p", { class: "hint", role: "status" });
    frame.after(this.#hint, this.#close);
    this.#layer.addEventListener("pointerdown", (event) => this.#down(event));
    this.#layer.addEventListener("pointermove", (event) => this.#move(event));
    this.#layer.addEventListener("pointerup", (event) => this.#up(event));
    this.#layer.addEventListener("pointercancel", () => (this.#held = null));
    this.#layer.addEventListener("keydown", (event) => this.#key(event));
    this.#layer.addEventListener("focusin", (event) => {
      const item = this.#itemOf(event.target);
      if (item && item !== this.#chosen) this.#choose(item);
    });
    this.#list.addEventListener("focusin", (event) => {
      const item = event.target instanceof Element ? event.target.closest("[data-item]") : null;
      if (item instanceof HTMLElement && item !== this.#chosen) this.#choose(item);
    });
    question.addEventListener("input", () => this.draw());
    question.addEventListener("docimo:picture", () => this.draw());
    question.addEventListener("docimo:item", (event) => {
      if (event.target instanceof HTMLElement && event.target.parentElement === this.#list) this.#arm(event.target);
    });
    this.draw();
  }

  get #aspect() {
    const image = this.#frame.querySelector("img");
    return image && image.width > 0 ? image.height / image.width || 1 : 1;
  }

  get #size() {
    const of = (/** @type {string} */ name) => {
      const field = this.#question.querySelector(`input[name$=".image.${name}:n"]`);
      return field instanceof HTMLInputElement ? Number(field.value) || 0 : 0;
    };
    const [width, height] = [of("width"), of("height")];
    return width > 0 && height > 0 ? height / width : this.#aspect;
  }

  /** @param {HTMLElement} item */
  #choose(item) {
    this.#chosen = item;
    this.draw();
  }

  /** @param {HTMLElement} item */
  #arm(item) {
    this.#chosen = item;
    this.#armed = !this.#frame.hidden;
    this.#corners = [];
    this.#hint.textContent = this.#frame.hidden ? M.needsImage : item.dataset.shape === "polygon" ? M.drawPolygon : M.drawIt;
    this.draw();
  }

  #disarm() {
    this.#armed = false;
    this.#corners = [];
    this.#close.hidden = true;
    this.#hint.textContent = "";
  }

  /** @param {EventTarget|null} target @returns {HTMLElement|null} */
  #itemOf(target) {
    const group = target instanceof Element ? target.closest("[data-zone]") : null;
    return group ? itemsOf(this.#list)[Number(group.getAttribute("data-zone"))] ?? null : null;
  }

  /** @param {PointerEvent} event @returns {Point} */
  #where(event) {
    const box = this.#layer.getBoundingClientRect();
    return { x: Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)), y: Math.min(1, Math.max(0, (event.clientY - box.top) / box.height)) };
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    const from = this.#where(event);
    const over = this.#itemOf(event.target);
    const kind = this.#chosen?.dataset.shape;
    if (this.#armed && this.#chosen && kind === "polygon") {
      event.preventDefault();
      this.#corners.push([from.x, from.y]);
      this.#close.hidden = this.#corners.length < 3;
      return this.draw();
    }
    const item = this.#armed ? this.#chosen : over;
    if (!item) return;
    event.preventDefault();
    const handle = event.target instanceof Element ? event.target.getAttribute("data-handle") : null;
    this.#held = { from, shape: readShape(item), handle: handle === null ? null : Number(handle), drawing: this.#armed, item, moved: false };
    this.#layer.setPointerCapture(event.pointerId);
    this.#choose(item);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const held = this.#held;
    if (!held || !this.#layer.hasPointerCapture(event.pointerId)) return;
    const to = this.#where(event);
    const box = this.#layer.getBoundingClientRect();
    if (!held.moved && Math.hypot((to.x - held.from.x) * box.width, (to.y - held.from.y) * box.height) < MOVE_PX) return;
    held.moved = true;
    const aspect = this.#size;
    const shape = held.drawing ? drawn(held.shape.kind, held.from, to, aspect)
      : held.handle !== null ? pulled(held.shape, held.handle, to, aspect)
        : shifted(held.shape, to.x - held.from.x, to.y - held.from.y, aspect);
    writeShape(held.item, shape);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const held = this.#held;
    this.#held = null;
    if (!held) return;
    this.#layer.releasePointerCapture(event.pointerId);
    if (held.drawing && held.moved) this.#disarm();
    this.draw();
    this.#focus(held.item);
  }

  #endPolygon() {
    const item = this.#chosen;
    if (!item || this.#corners.length < 3) return;
    writeShape(item, { kind: "polygon", corners: this.#corners });
    this.#disarm();
    this.draw();
    this.#focus(item);
  }

  /** @param {HTMLElement} item */
  #focus(item) {
    const group = this.#layer.querySelector(`[data-zone="${itemsOf(this.#list).indexOf(item)}"]`);
    if (group instanceof SVGElement) group.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const item = this.#itemOf(event.target);
    const arrow = ARROWS[event.key];
    if (!item || event.altKey) return;
    if (arrow) {
      event.preventDefault();
      const [dx, dy] = arrow;
      const change = event.shiftKey ? stretched : shifted;
      writeShape(item, change(readShape(item), dx, dy, this.#size));
      this.#focus(item);
    } else if (event.key === "Delete") {
      event.preventDefault();
      this.#lists.remove(item);
    }
  }

  draw() {
    const high = WIDE * this.#size;
    this.#layer.setAttribute("viewBox", `0 0 ${WIDE} ${high}`);
    const focused = document.activeElement?.closest("[data-zone]")?.getAttribute("data-zone");
    const at = (/** @type {Point} */ p) => ({ x: p.x * WIDE, y: p.y * high });
    const groups = itemsOf(this.#list).map((item, i) => {
      const shape = readShape(item);
      const name = item.querySelector('input[name$=".name"]');
      const title = name instanceof HTMLInputElement ? name.value : "";
      const chosen = item === this.#chosen;
      const group = svg("g", { "data-zone": i, tabindex: 0, role: "button", "aria-label": M.zone(i + 1, title), class: chosen ? "shape shape--chosen" : "shape" });
      if (shape.kind === "circle") group.append(svg("circle", { cx: shape.x * WIDE, cy: shape.y * high, r: shape.r * WIDE }));
      else if (shape.kind === "rect") group.append(svg("rect", { x: shape.x * WIDE, y: shape.y * high, width: shape.w * WIDE, height: shape.h * high }));
      else group.append(svg("polygon", { points: shape.corners.map(([x, y]) => `${x * WIDE},${y * high}`).join(" ") }));
      const places = handles(shape, this.#size);
      const label = places.length ? at({ x: places.reduce((s, p) => s + p.x, 0) / places.length, y: places.reduce((s, p) => s + p.y, 0) / places.length }) : { x: 0, y: 0 };
      const centre = shape.kind === "circle" ? at(shape) : label;
      const text = svg("text", { x: centre.x, y: centre.y, class: "shape__number", "aria-hidden": "true" });
      text.textContent = String(i + 1);
      group.append(text);
      if (chosen && !this.#armed) {
        places.forEach((p, k) => group.append(svg("circle", { class: "shape__handle", cx: at(p).x, cy: at(p).y, r: 14, "data-handle": k })));
      }
      return group;
    });
    const making = this.#corners.map(([x, y]) => svg("circle", { class: "shape__handle", cx: x * WIDE, cy: y * high, r: 10 }));
    if (this.#corners.length > 1) {
      making.push(svg("polyline", { class: "shape__making", points: this.#corners.map(([x, y]) => `${x * WIDE},${y * high}`).join(" ") }));
    }
    this.#layer.classList.toggle("is-armed", this.#armed);
    this.#layer.replaceChildren(...groups, ...making);
    if (focused !== null && focused !== undefined) {
      const group = this.#layer.querySelector(`[data-zone="${focused}"]`);
      if (group instanceof SVGElement) group.focus();
    }
  }
}
