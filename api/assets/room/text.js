// QROC: a short answer, in words.
import { h } from "./dom.js";
import { M } from "./messages.js";
/** @import { Question, Room } from "./types.js" */

const TYPING_DELAY_MS = 150;

/** @param {string} text */
const countWords = (text) => text.trim().split(/\s+/).filter(Boolean).length;

/** @param {Question} question @param {Room} room */
export function shortText(question, room) {
  const most = question.max_words ?? null;
  const id = `text-${question.id}`;
  const counter = h("p", { class: "answer-count", id: `${id}-n` });
  const warning = h("p", { class: "error", role: "status" });
  const input = h("input", {
    id, type: "text", class: "short-answer", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    maxlength: 400, "aria-describedby": `${id}-n`,
    oninput: () => {
      refresh();
      room.answer(question.id, { text: input.value }, TYPING_DELAY_MS);
    },
  });
  input.value = room.model.response(question.id)?.text ?? "";
  const refresh = () => {
    if (most === null) return;
    const n = countWords(input.value);
    counter.textContent = M.words(n, most);
    counter.classList.toggle("is-refused", n > most);
    const words = n > most ? M.tooManyWords(most) : "";
    if (warning.textContent !== words) warning.textContent = words;
  };
  refresh();
  return h("div", { class: "field" }, h("label", { for: id }, M.yourAnswer), input, counter, warning);
}
