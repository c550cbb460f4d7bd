// The shape of a zone: read from its fields, written back to them, moved and stretched. Everything is a fraction of
// the image, as the engine has it; fields are in percents.
import { touched } from "./form.js";

/** @typedef {{x:number, y:number}} Point */
/**
 * @typedef {{kind:"circle", x:number, y:number, r:number} | {kind:"rect", x:number, y:number, w:number, h:number}
 *   | {kind:"polygon", corners:[number, number][]}} Shape
 */

/** @param {number} n */
const bound = (n) => Math.min(1, Math.max(0, n));
/** @param {number} fraction */
const percent = (fraction) => String(Math.round(fraction * 10_000) / 100);
/** @param {string} text */
const fraction = (text) => {
  const n = Number(text.trim().replace(",", "."));
  return Number.isFinite(n) ? n / 100 : 0;
};

/** @param {HTMLElement} item @param {string} name */
function field(item, name) {
  const found = item.querySelector(`input[name^="${item.dataset.path}.shape.${name}"]`);
  return found instanceof HTMLInputElement ? found : null;
}

/** @param {HTMLElement} item @returns {Shape} */
export function readShape(item) {
  const of = (/** @type {string} */ name) => fraction(field(item, name)?.value ?? "0");
  if (item.dataset.shape === "circle") return { kind: "circle", x: of("circle.x"), y: of("circle.y"), r: of("circle.r") };
  if (item.dataset.shape === "rect") return { kind: "rect", x: of("rect.x"), y: of("rect.y"), w: of("rect.w"), h: of("rect.h") };
  const text = field(item, "polygon")?.value ?? "";
  /** @type {[number, number][]} */
  const corners = text.split(";").map((pair) => pair.trim().split(/\s+/)).filter((pair) => pair.length > 1)
    .map((pair) => [fraction(pair[0]), fraction(pair[1])]);
  return { kind: "polygon", corners };
}

/** @param {HTMLElement} item @param {Shape} shape */
export function writeShape(item, shape) {
  const set = (/** @type {string} */ name, /** @type {string} */ text) => {
    const input = field(item, name);
    if (input && input.value !== text) input.value = text;
  };
  if (shape.kind === "circle") {
    set("circle.x", percent(shape.x));
    set("circle.y", percent(shape.y));
    set("circle.r", percent(shape.r));
  } else if (shape.kind === "rect") {
    for (const name of /** @type {("x"|"y"|"w"|"h")[]} */ (["x", "y", "w", "h"])) set(`rect.${name}`, percent(shape[name]));
  } else {
    set("polygon", shape.corners.map(([x, y]) => `${percent(x)} ${percent(y)}`).join(" ; "));
  }
  touched(item);
}

/** The same elsewhere, inside the image. @param {Shape} shape @param {number} dx @param {number} dy @param {number} aspect height / width @returns {Shape} */
export function shifted(shape, dx, dy, aspect) {
  if (shape.kind === "circle") {
    const ry = shape.r / aspect;
    return { ...shape, x: Math.min(1 - shape.r, Math.max(shape.r, shape.x + dx)), y: Math.min(1 - ry, Math.max(ry, shape.y + dy)) };
  }
  if (shape.kind === "rect") {
    return { ...shape, x: Math.min(1 - shape.w, Math.max(0, shape.x + dx)), y: Math.min(1 - shape.h, Math.max(0, shape.y + dy)) };
  }
  const xs = shape.corners.map((c) => c[0]);
  const ys = shape.corners.map((c) => c[1]);
  const x = Math.min(1 - Math.max(...xs), Math.max(-Math.min(...xs), dx));
  const y = Math.min(1 - Math.max(...ys), Math.max(-Math.min(...ys), dy));
  return { kind: "polygon", corners: shape.corners.map((c) => [c[0] + x, c[1] + y]) };
}

/** The same, larger or smaller. @param {Shape} shape @param {number} dx @param {number} dy @param {number} aspect @returns {Shape} */
export function stretched(shape, dx, dy, aspect) {
  if (shape.kind === "circle") {
    const most = Math.min(shape.x, 1 - shape.x, shape.y * aspect, (1 - shape.y) * aspect);
    return { ...shape, r: Math.min(most, Math.max(0.01, shape.r + dx + dy)) };
  }
  if (shape.kind === "rect") {
    return { ...shape, w: Math.min(1 - shape.x, Math.max(0.01, shape.w + dx)), h: Math.min(1 - shape.y, Math.max(0.01, shape.h + dy)) };
  }
  const n = shape.corners.length || 1;
  const cx = shape.corners.reduce((sum, c) => sum + c[0], 0) / n;
  const cy = shape.corners.reduce((sum, c) => sum + c[1], 0) / n;
  const grow = 1 + 2 * (dx + dy);
  return { kind: "polygon", corners: shape.corners.map((c) => [bound(cx + (c[0] - cx) * grow), bound(cy + (c[1] - cy) * grow)]) };
}

/** Drawn from one point to another. @param {Shape["kind"]} kind @param {Point} from @param {Point} to @param {number} aspect @returns {Shape} */
export function drawn(kind, from, to, aspect) {
  if (kind === "circle") {
    const r = Math.hypot(to.x - from.x, (to.y - from.y) * aspect);
    const most = Math.min(from.x, 1 - from.x, from.y * aspect, (1 - from.y) * aspect);
    return { kind, x: bound(from.x), y: bound(from.y), r: Math.min(most, r) };
  }
  const [x, y] = [bound(Math.min(from.x, to.x)), bound(Math.min(from.y, to.y))];
  const [right, bottom] = [bound(Math.max(from.x, to.x)), bound(Math.max(from.y, to.y))];
  if (kind === "rect") return { kind, x, y, w: right - x, h: bottom - y };
  return { kind: "polygon", corners: [[x, bottom], [(x + right) / 2, y], [right, bottom]] };
}

/** Points that can be pulled. @param {Shape} shape @param {number} aspect @returns {Point[]} */
export function handles(shape, aspect) {
  if (shape.kind === "circle") return [{ x: bound(shape.x + shape.r), y: shape.y }];
  if (shape.kind === "rect") {
    return [{ x: shape.x, y: shape.y }, { x: shape.x + shape.w, y: shape.y }, { x: shape.x + shape.w, y: shape.y + shape.h }, { x: shape.x, y: shape.y + shape.h }];
  }
  return shape.corners.map(([x, y]) => ({ x, y }));
}

/** One of them pulled. @param {Shape} shape @param {number} i @param {Point} to @param {number} aspect @returns {Shape} */
export function pulled(shape, i, to, aspect) {
  if (shape.kind === "circle") return drawn("circle", shape, to, aspect);
  if (shape.kind === "rect") {
    const opposite = handles(shape, aspect)[(i + 2) % 4];
    return drawn("rect", opposite, to, aspect);
  }
  return { kind: "polygon", corners: shape.corners.map((c, k) => (k === i ? [bound(to.x), bound(to.y)] : c)) };
}
