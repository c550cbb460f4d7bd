// QROC: a short answer, in words.
import { h } from "./dom.js";
import { M } from "./messages.js";
/** @import { Question, Room } from "./types.js" */

const TYPING_DELAY_MS = 150;
/** As the server has it. */
const MOST_CHARS = 200;

/** As the server counts them. @param {string} text */
const countWords = (text) => text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** Half of a pair of code units cannot be sent. @param {string} text */
const wellFormed = (text) => text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");

/** @param {Question} question @param {Room} room */
export function shortText(question, room) {
  const most = question.max_words ?? null;
  const id = `text-${question.id}`;
  const counter = h("p", { class: "answer-count", id: `${id}-n` });
  const warning = h("p", { class: "error", role: "status", id: `${id}-w` });
  const fits = () => most === null || countWords(input.value) <= most;
  const input = h("input", {
    id, type: "text", class: "short-answer", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    maxlength: MOST_CHARS, "aria-describedby": `${id}-n ${id}-w`,
    oninput: () => {
      // what the server would refuse is not sent: the last answer that fits stays, and is said
      if (fits()) room.answer(question.id, { text: wellFormed(input.value) }, TYPING_DELAY_MS);
      refresh();
    },
  });
  input.value = room.model.response(question.id)?.text ?? "";
  const refresh = () => {
    if (most === null) return;
    const n = countWords(input.value);
    counter.textContent = M.words(n, most);
    counter.classList.toggle("is-refused", n > most);
    input.setAttribute("aria-invalid", String(n > most));
    const words = n > most ? M.tooManyWords(most, room.model.response(question.id)?.text ?? "") : "";
    if (warning.textContent !== words) warning.textContent = words;
  };
  refresh();
  return h("div", { class: "field" }, h("label", { for: id }, M.yourAnswer), input, counter, warning);
}
