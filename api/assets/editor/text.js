// Writing: buttons and keys that put Markdown where one types.
import { h } from "../room/dom.js";
import { touched } from "./form.js";
import { M } from "./messages.js";

/** @param {HTMLTextAreaElement} field @param {string} text */
function insert(field, text) {
  field.focus();
  // The only way that leaves the browser's own "undo" whole.
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  touched(field);
}

/** Puts signs around what is chosen, or around a word to replace. @param {HTMLTextAreaElement} field @param {string} sign @param {string} word */
function around(field, sign, word) {
  const [from, to] = [field.selectionStart, field.selectionEnd];
  const chosen = field.value.slice(from, to);
  insert(field, `${sign}${chosen || word}${sign}`);
  const length = (chosen || word).length;
  field.setSelectionRange(from + sign.length, from + sign.length + length);
}

/** @param {HTMLTextAreaElement} field */
function list(field) {
  const from = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
  const lines = field.value.slice(from, field.selectionEnd).split("\n").map((line) => `- ${line}`).join("\n");
  field.setSelectionRange(from, field.selectionEnd);
  insert(field, lines);
}

/** @type {[string, (field: HTMLTextAreaElement) => void][]} */
const TOOLS = [
  [M.bold, (field) => around(field, "**", M.boldText)],
  [M.italic, (field) => around(field, "*", M.boldText)],
  [M.list, list],
  [M.table, (field) => insert(field, M.tableText)],
  [M.formula, (field) => around(field, "$", M.formulaText)],
];

/** @param {ParentNode} root */
export function addBars(root) {
  for (const field of root.querySelectorAll("textarea[data-markdown=bar]")) {
    if (!(field instanceof HTMLTextAreaElement) || field.previousElementSibling?.matches(".bar")) continue;
    const label = field.labels[0]?.textContent ?? "";
    field.before(h("div", { class: "bar", role: "group", "aria-label": M.bar(label) },
      ...TOOLS.map(([name, act]) => h("button", { type: "button", class: "bar__tool", onclick: () => act(field) }, name))));
  }
}

/** @param {KeyboardEvent} event @returns {boolean} whether a key was one of ours */
export function pressKey(event) {
  const field = event.target;
  if (!(field instanceof HTMLTextAreaElement) || field.dataset.markdown === undefined) return false;
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return false;
  const key = event.key.toLowerCase();
  if (key !== "b" && key !== "i") return false;
  event.preventDefault();
  around(field, key === "b" ? "**" : "*", M.boldText);
  return true;
}
