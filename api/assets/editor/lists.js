// Propositions, zones and questions of a case: added, moved and taken out without going to the server. The names of
// fields follow their place, so that the form says the same with or without script.
import { freshId, touched } from "./form.js";
import { M } from "./messages.js";

const ATTRIBUTES = ["name", "id", "for", "aria-describedby", "aria-labelledby", "data-path", "data-list", "data-picture", "data-document",
  "data-question", "data-tags", "data-tag-labels", "data-credits"];

/** @param {Element} list @returns {HTMLElement[]} */
export const itemsOf = (list) => [...list.children].filter((e) => e instanceof HTMLElement && e.matches("[data-item]"))
  .map((e) => /** @type {HTMLElement} */ (e));

/** Last word of the path of a list: propositions, zones, parts. @param {HTMLElement} list */
export const kindOf = (list) => (list.dataset.list ?? "").split(".").pop() ?? "";

/** @param {string} text @param {string} from @param {string} to */
function moved(text, from, to) {
  return text.split(" ").map((word) => {
    const colon = word.indexOf(":");
    const [verb, rest] = colon >= 0 && !word.startsWith(from) ? [word.slice(0, colon + 1), word.slice(colon + 1)] : ["", word];
    const next = rest.slice(from.length)[0];
    return rest.startsWith(from) && (next === undefined || [".", "-", ":"].includes(next)) ? verb + to + rest.slice(from.length) : word;
  }).join(" ");
}

/** @param {ParentNode} root @param {string} from @param {string} to */
function rename(root, from, to) {
  const [oldId, newId] = [from.replaceAll(".", "-"), to.replaceAll(".", "-")];
  const elements = [...root.querySelectorAll("*")];
  if (root instanceof Element) elements.push(root);
  for (const element of elements) {
    const names = element instanceof HTMLButtonElement && element.name === "faire" ? [...ATTRIBUTES, "value"] : ATTRIBUTES;
    for (const name of names) {
      const text = element.getAttribute(name);
      if (text === null) continue;
      const after = moved(moved(text, from, to), oldId, newId);
      if (after !== text) element.setAttribute(name, after);
    }
    if (element instanceof HTMLTemplateElement) rename(element.content, from, to);
  }
}

/** @param {HTMLElement} list */
export function renumber(list) {
  const kind = kindOf(list);
  itemsOf(list).forEach((item, i) => {
    const [from, to] = [item.dataset.path ?? "", `${list.dataset.list}.${i}`];
    if (from !== to) rename(item, from, to);
    const word = list.hasAttribute("data-letters") ? String.fromCharCode(65 + (i % 26)) : String(i + 1);
    for (const place of item.querySelectorAll(`[data-index="${kind}"]`)) place.textContent = word;
  });
}

/** @param {Element} item */
const first = (item) => item.querySelector("textarea, input:not([type=hidden]), select");

/** @param {string} verb @param {HTMLElement} item */
const tool = (verb, item) => item.querySelector(`button[name=faire][value="${verb}:${item.dataset.path}"]`);

export class Lists {
  #form;
  #say;
  /** @type {{list:HTMLElement, item:HTMLElement, at:number, button:HTMLButtonElement}|null} */
  #removed = null;

  /** @param {HTMLFormElement} form @param {(words:string) => void} say */
  constructor(form, say) {
    this.#form = form;
    this.#say = say;
    form.addEventListener("click", (event) => this.#click(event));
    form.addEventListener("keydown", (event) => this.#key(event));
    form.addEventListener("change", (event) => this.#status(event));
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const button = event.target instanceof Element ? event.target.closest("button[name=faire]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    const [verb, path, more] = button.value.split(":");
    if (verb === "ajouter") {
      const list = this.#form.querySelector(`[data-list="${path}"]`);
      if (!(list instanceof HTMLElement)) return;
      event.preventDefault();
      const select = this.#form.querySelector("[data-part-kind]");
      const kind = more ?? (path === "case.parts" && select instanceof HTMLSelectElement ? select.value : "");
      this.add(list, kind, null);
    } else if (verb === "monter" || verb === "descendre" || verb === "retirer") {
      const item = this.#form.querySelector(`[data-item][data-path="${path}"]`);
      if (!(item instanceof HTMLElement)) return;
      event.preventDefault();
      if (verb === "retirer") this.remove(item);
      else this.move(item, verb === "monter" ? -1 : 1);
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = event.target instanceof Element ? event.target : null;
    const item = target?.closest("[data-item]");
    if (!(item instanceof HTMLElement)) return;
    if (event.altKey && !event.ctrlKey && !event.shiftKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      // A select opens with Alt and an arrow: there, the item moves all the same.
      event.preventDefault();
      this.move(item, event.key === "ArrowUp" ? -1 : 1);
    } else if (event.ctrlKey && event.key === "Enter") {
      event.preventDefault();
      const list = item.parentElement;
      if (list instanceof HTMLElement) {
        const kind = item.dataset.shape ?? (item.matches(".part") ? item.querySelector("[data-kind]")?.getAttribute("data-kind") ?? "" : "");
        this.add(list, kind, item);
      }
    }
  }

  /** In a QRU one proposition is true. @param {Event} event */
  #status(event) {
    const select = event.target;
    if (!(select instanceof HTMLSelectElement) || !select.matches("[data-status]") || select.value !== "vrai") return;
    const question = select.closest("[data-kind]");
    if (question?.getAttribute("data-kind") !== "QRU") return;
    for (const other of question.querySelectorAll("[data-status]")) {
      if (other instanceof HTMLSelectElement && other !== select && other.value === "vrai") other.value = "faux";
    }
  }

  /** @param {HTMLElement} list @param {string} kind @param {HTMLElement|null} after */
  add(list, kind, after) {
    const templates = [...(list.parentElement?.children ?? [])].filter((e) => e instanceof HTMLTemplateElement && e.hasAttribute("data-blank"));
    const template = templates.find((t) => t.getAttribute("data-blank") === kind) ?? templates[0];
    if (!(template instanceof HTMLTemplateElement)) return null;
    const item = document.importNode(template.content, true).querySelector("[data-item]");
    if (!(item instanceof HTMLElement)) return null;
    for (const field of item.querySelectorAll("input[data-fresh]")) {
      if (field instanceof HTMLInputElement) field.value = freshId(field.dataset.fresh ?? "x");
    }
    if (after) after.after(item);
    else list.append(item);
    renumber(list);
    const field = first(item);
    if (field instanceof HTMLElement) field.focus();
    this.#say(M.added(kindOf(list), itemsOf(list).indexOf(item)));
    item.dispatchEvent(new CustomEvent("docimo:item", { bubbles: true, detail: { added: true } }));
    touched(list);
    return item;
  }

  /** @param {HTMLElement} item @param {1|-1} way */
  move(item, way) {
    const list = item.parentElement;
    if (!(list instanceof HTMLElement)) return;
    const other = way < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other?.matches("[data-item]")) return;
    const held = document.activeElement;
    const text = held instanceof HTMLTextAreaElement ? held : null;
    const [start, end] = [text?.selectionStart ?? 0, text?.selectionEnd ?? 0];
    // The other goes round this one: what has the focus stays where it is.
    if (way < 0) item.after(other);
    else item.before(other);
    renumber(list);
    if (held instanceof HTMLElement && item.contains(held) && document.activeElement !== held) {
      held.focus();
      text?.setSelectionRange(start, end);
    }
    item.scrollIntoView({ block: "nearest" });
    this.#say(M.moved(kindOf(list), itemsOf(list).indexOf(item)));
    touched(list);
  }

  /** @param {HTMLElement} item */
  remove(item) {
    const list = item.parentElement;
    if (!(list instanceof HTMLElement)) return;
    const at = itemsOf(list).indexOf(item);
    item.remove();
    renumber(list);
    this.#offer(list, item, at);
    const next = itemsOf(list)[Math.min(at, itemsOf(list).length - 1)];
    const focus = next ? tool("retirer", next) : list.parentElement?.querySelector("button[value^=ajouter]");
    if (focus instanceof HTMLElement) focus.focus();
    this.#say(M.removed(kindOf(list), at));
    touched(list);
  }

  /** What was taken out can come back, until something else is. @param {HTMLElement} list @param {HTMLElement} item @param {number} at */
  #offer(list, item, at) {
    this.#removed?.button.remove();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn--quiet btn--small";
    button.textContent = M.restore;
    button.addEventListener("click", () => {
      const items = itemsOf(list);
      if (items[at]) items[at].before(item);
      else list.append(item);
      button.remove();
      this.#removed = null;
      renumber(list);
      const field = first(item);
      if (field instanceof HTMLElement) field.focus();
      touched(list);
    });
    list.after(button);
    this.#removed = { list, item, at, button };
  }
}
