// Tags: found by a few letters, added by one click, told in words.
import { h } from "../room/dom.js";
import { touched } from "./form.js";
import { M } from "./messages.js";
/** @import { Saver } from "./saver.js" */

const DELAY_MS = 250;
let fields = 0;

/** @param {Element} box holds the field of tags @param {string} tag */
function add(box, tag) {
  const input = box.querySelector("input");
  if (!input) return;
  const own = input.value.split(/\s+/).filter(Boolean);
  if (!own.includes(tag)) own.push(tag);
  input.value = own.join(" ");
  touched(input);
}

/** @param {ParentNode} root @param {Saver} saver */
export function addSearch(root, saver) {
  for (const box of root.querySelectorAll("[data-tags]")) {
    if (box.querySelector(".tag-search")) continue;
    const id = `etiquettes-${++fields}`;
    const list = h("datalist", { id });
    const take = () => {
      const tag = input.value.trim();
      if (!tag) return;
      add(box, tag.replace(/\s+/g, "-"));
      input.value = "";
      input.focus();
    };
    /** @type {number|undefined} */
    let timer;
    const input = h("input", {
      type: "text", list: id, autocomplete: "off", "aria-label": M.tagSearch, placeholder: M.tagSearch,
      oninput: (/** @type {Event} */ event) => {
        event.stopPropagation(); // what is looked for is not part of the text
        clearTimeout(timer);
        timer = setTimeout(async () => {
          const query = input.value;
          const found = await saver.tags(query);
          if (input.value !== query) return;
          list.replaceChildren(...found.map((t) => h("option", { value: t.tag, label: `${t.label} : ${t.title}` })));
        }, DELAY_MS);
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Enter" || event.ctrlKey) return;
        event.preventDefault();
        take();
      },
    });
    const row = h("div", { class: "input-group tag-search" }, input, h("button", { type: "button", class: "btn", onclick: take }, M.tagAdd), list);
    box.querySelector("input")?.after(row);
  }
}

/** Suggestions get their buttons. @param {ParentNode} panes @param {HTMLFormElement} form */
export function addSuggestions(panes, form) {
  for (const button of panes.querySelectorAll("button[data-add-tag]")) {
    if (!(button instanceof HTMLButtonElement)) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const box = form.querySelector('[data-tags="case.tags"], [data-tags="question.tags"]');
      if (box) add(box, button.dataset.addTag ?? "");
      button.disabled = true;
    });
  }
}

/** @param {HTMLFormElement} form @param {Record<string, string[]>} tags by path */
export function showLabels(form, tags) {
  for (const list of form.querySelectorAll("[data-tag-labels]")) {
    const labels = tags[list.getAttribute("data-tag-labels") ?? ""] ?? [];
    list.replaceChildren(...labels.map((label) => h("li", {}, label)));
  }
}
