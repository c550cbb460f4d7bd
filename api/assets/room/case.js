// What stands around a question of a case: the story so far, the article.
import { h, prose } from "./dom.js";
import { M } from "./messages.js";
import { figure } from "./viewer.js";
/** @import { Article, Case, Stop } from "./types.js" */

/** @param {Stop} stop @param {Case} of */
export function caseText(stop, of) {
  const earlier = of.parts.slice(0, stop.part).filter((part) => part.text_html?.trim());
  const fresh = of.parts[stop.part]?.text_html?.trim();
  const story = [of.intro_html.trim() ? prose(of.intro_html) : null, figure(of.image), ...earlier.map((part) => prose(part.text_html))];
  const first = stop.part === 0;
  return h("section", { class: "case", "aria-label": of.title },
    h("p", { class: "case__title" }, h("strong", {}, of.title), " ",
      h("span", {}, `${M.caseKinds[of.kind] ?? of.kind}, ${M.partOf(of.progressive, stop.part + 1, of.parts.length)}`)),
    story.some(Boolean) && (first
      ? h("div", { class: "case__story" }, ...story)
      : h("details", { class: "details case__earlier" }, h("summary", {}, M.caseSoFar), h("div", { class: "case__story" }, ...story))),
    fresh && h("div", { class: "case__fresh" }, first ? null : h("p", { class: "case__label" }, M.newInformation), prose(fresh)));
}

/** wide enough for the article to stand beside the question; as in room.css */
const beside = matchMedia("(min-width: 75em)");
/** @type {Map<string, HTMLElement>} the article keeps its place from one question to the next */
const panes = new Map();
/** @type {Map<string, number>} */
const places = new Map();

/** @param {Article} article @param {string} id */
export function articlePane(article, id) {
  const known = panes.get(id);
  if (known) {
    const scroller = known.querySelector(".article__text");
    requestAnimationFrame(() => scroller?.scrollTo(0, places.get(id) ?? 0));
    return known;
  }
  const words = article.html.trim() ? prose(article.html) : article.pdf?.description ? h("p", {}, article.pdf.description) : null;
  if (words && article.html.trim()) words.lang = "en"; // what is read critically is in English
  const open = article.pdf && h("p", { class: "article__pdf" }, h("a", { class: "btn", href: article.pdf.url, target: "_blank", rel: "noopener" },
    article.pdf.label, h("span", { class: "visually-hidden" }, M.newTab)));
  const text = h("div", { class: "article__text", tabindex: "0", role: "group", "aria-label": M.article, onscroll: () => {
    if (text.isConnected) places.set(id, text.scrollTop);
  } }, h("p", { class: "article__title", lang: "en" }, article.title), h("p", { class: "article__citation" }, article.citation), open, words);
  const pane = h("details", { class: "article details", open: beside.matches }, h("summary", {}, M.article), text);
  beside.addEventListener("change", () => (pane.open = beside.matches));
  panes.set(id, pane);
  return pane;
}
