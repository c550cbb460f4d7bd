// Images: shown in the text at the width of the screen, enlarged in a dialog from the original. Videos.
import { h, button, openDialog } from "./dom.js";
import { M } from "./messages.js";
/** @import { OpenRoom, Picture, Video } from "./types.js" */

const STEPS = [1, 1.5, 2, 3, 4, 6];

/** how wide a picture is shown, as in room.css; never wider than it is @param {Picture} picture */
const sizes = (picture) => `(max-width: 60em) min(92vw, ${picture.width}px), min(46em, ${picture.width}px)`;
/** a screen on which the originals are worth fetching ahead: not a telephone */
const wide = matchMedia("(min-width: 60.01em)");
/** @type {HTMLImageElement[]} kept so that every image is here before the network fails */
const ahead = [];

/** @type {Set<string>} addresses of articles fetched ahead */
const articles = new Set();

/** The picture at the width it is shown. @param {Picture} picture @param {Record<string, string>} [more] */
export function shown(picture, more = {}) {
  const several = picture.srcset ? { sizes: sizes(picture), srcset: picture.srcset } : {};
  return h("img", { ...several, src: picture.url, alt: picture.alt, width: picture.width, height: picture.height, ...more });
}

/** What is not sealed, or not here yet. @param {OpenRoom} room */
export function fetchPictures(room) {
  const cases = room.elements.map((element) => (element.type === "case" ? element.image : null));
  for (const element of room.elements) {
    const url = element.type === "case" ? element.article?.pdf?.url : null;
    if (!url || url.startsWith("blob:") || articles.has(url)) continue;
    articles.add(url);
    // The browser keeps it: an article opens without a network too.
    fetch(url).then((answer) => answer.blob()).catch(() => articles.delete(url));
  }
  for (const picture of [...cases, ...Object.values(room.questions).map((q) => q.image)]) {
    if (!picture || picture.url.startsWith("blob:") || ahead.some((image) => image.getAttribute("src") === picture.url)) continue;
    ahead.push(shown(picture));
    if (picture.srcset && wide.matches) {
      const original = new Image();
      original.src = picture.url;
      ahead.push(original);
    }
  }
}

/** @param {Picture|null|undefined} picture */
export function figure(picture) {
  if (!picture) return null;
  const image = shown(picture);
  return h("figure", { class: "picture" },
    h("button", { type: "button", class: "picture__open", onclick: () => enlarge(picture) }, image,
      h("span", { class: "picture__hint" }, M.enlarge)));
}

/** @param {Video|null|undefined} video */
export function film(video) {
  if (!video) return null;
  const player = h("video", { src: video.url, controls: true, preload: "metadata", playsinline: true, "aria-label": M.video(video.description) });
  return h("figure", { class: "picture" }, player,
    video.description && h("figcaption", {}, h("details", { class: "details" }, h("summary", {}, M.videoDescription), h("p", {}, video.description))));
}

/** @param {Picture} picture */
export const zoomButton = (picture) => button(M.enlarge, () => enlarge(picture), "btn--small btn--quiet");

/** @param {Picture} picture */
function enlarge(picture) {
  let at = 0;
  // What is on the page first, then the original: without a network, there is something to enlarge.
  const image = shown(picture, { draggable: "false" });
  const better = picture.original?.() ?? (picture.srcset ? Promise.resolve(picture.url) : null);
  better?.then((url) => {
    const original = new Image();
    original.addEventListener("load", () => {
      image.removeAttribute("srcset");
      image.removeAttribute("sizes");
      image.src = url;
    });
    original.src = url;
  }).catch(() => undefined);
  const pane = h("div", { class: "viewer__pane", tabindex: "0", role: "group", "aria-label": M.image }, image);
  const level = h("span", { class: "num", role: "status" });

  /** @param {number} to index of the zoom step */
  const zoom = (to) => {
    const next = Math.min(STEPS.length - 1, Math.max(0, to));
    const grow = STEPS[next] / STEPS[at];
    const [x, y] = [pane.scrollLeft + pane.clientWidth / 2, pane.scrollTop + pane.clientHeight / 2];
    at = next;
    image.style.width = `${STEPS[at] * 100}%`;
    pane.scrollTo(x * grow - pane.clientWidth / 2, y * grow - pane.clientHeight / 2);
    level.textContent = `${STEPS[at] * 100} %`;
  };
  /** @type {{x:number, y:number}|null} */
  let held = null;
  pane.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return; // fingers scroll natively
    held = { x: event.clientX + pane.scrollLeft, y: event.clientY + pane.scrollTop };
    pane.setPointerCapture(event.pointerId);
  });
  pane.addEventListener("pointermove", (event) => {
    if (held) pane.scrollTo(held.x - event.clientX, held.y - event.clientY);
  });
  pane.addEventListener("pointerup", () => (held = null));
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(at - Math.sign(event.deltaY));
  }, { passive: false });

  const dialog = openDialog(M.image, (close) => [
    h("div", { class: "viewer__bar" },
      button("−", () => zoom(at - 1), "btn--small"), level, button("+", () => zoom(at + 1), "btn--small"),
      button(M.zoomReset, () => zoom(0), "btn--small btn--quiet"), button(M.close, close, "btn--small viewer__close")),
    pane, h("p", { class: "hint" }, M.zoomHint)], "viewer");
  dialog.querySelectorAll(".viewer__bar .btn").forEach((b, i) => {
    if (i < 2) b.setAttribute("aria-label", i === 0 ? M.zoomOut : M.zoomIn);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") zoom(at + 1);
    else if (event.key === "-") zoom(at - 1);
    else if (event.key === "0") zoom(0);
  });
  zoom(0);
  pane.focus();
}
