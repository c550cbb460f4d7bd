// Answers given by choosing: one, several, true or false, a degree on a scale.
import { h, prose, hidden, letter } from "./dom.js";
import { M } from "./messages.js";
/** @import { Question, Room } from "./types.js" */

/** QRU, QRM, QRP, QRPL. @param {Question} question @param {Room} room */
export function ticks(question, room) {
  const single = question.kind === "QRU";
  const most = single ? 1 : question.expected ?? Infinity;
  const propositions = question.propositions ?? [];
  const ticked = new Set(room.model.response(question.id)?.ticked ?? []);
  const counter = h("p", { class: "answer-count", role: "status" });
  const refresh = () => {
    counter.textContent = Number.isFinite(most) && !single ? M.ticks(ticked.size, most) : "";
  };
  refresh();
  const list = h("ul", { class: `choices${propositions.length > 10 ? " choices--long" : ""}` });
  propositions.forEach((proposition, index) => {
    const input = h("input", {
      type: single ? "radio" : "checkbox", name: `answer-${question.id}`, value: proposition.id,
      "data-letter": letter(index), checked: ticked.has(proposition.id),
      onchange: () => {
        if (input.checked && !single && ticked.size >= most) {
          input.checked = false;
          counter.textContent = M.tooManyTicks(most);
          counter.classList.add("is-refused");
          return;
        }
        counter.classList.remove("is-refused");
        if (single) ticked.clear();
        if (input.checked) ticked.add(proposition.id);
        else ticked.delete(proposition.id);
        refresh();
        const inOrder = propositions.filter((p) => ticked.has(p.id)).map((p) => p.id);
        room.answer(question.id, { ticked: inOrder });
      },
    });
    list.append(h("li", {}, h("label", { class: "option" }, input,
      h("span", { class: "option__letter" }, letter(index)), prose(proposition.html, "option__text"))));
  });
  return h("div", {}, list, single ? null : counter);
}

/** QCM of the first cycle: true, false or nothing for each. @param {Question} question @param {Room} room */
export function trueFalse(question, room) {
  const propositions = question.propositions ?? [];
  const before = room.model.response(question.id);
  /** @type {Map<string, "true"|"false"|"none">} */
  const state = new Map(propositions.map((p) => [p.id,
    before?.ticked?.includes(p.id) ? "true" : before?.rejected?.includes(p.id) ? "false" : "none"]));
  const list = h("ul", { class: "choices" });
  propositions.forEach((proposition, index) => {
    const id = `p-${question.id}-${proposition.id}`;
    const group = h("div", { class: "tristate", role: "radiogroup", "aria-labelledby": id, "data-letter": letter(index) });
    /** @type {["true"|"false"|"none", string][]} */
    const values = [["true", M.isTrue], ["false", M.isFalse], ["none", M.noAnswer]];
    for (const [value, word] of values) {
      group.append(h("label", { class: `tristate__${value}` },
        h("input", {
          type: "radio", name: `${question.id}-${proposition.id}`, value, checked: state.get(proposition.id) === value,
          onchange: () => {
            state.set(proposition.id, value);
            const having = (/** @type {string} */ v) => propositions.filter((p) => state.get(p.id) === v).map((p) => p.id);
            const rejected = having("false");
            room.answer(question.id, rejected.length ? { ticked: having("true"), rejected } : { ticked: having("true") });
          },
        }), h("span", {}, word)));
    }
    list.append(h("li", { class: "option option--three" },
      h("span", { class: "option__letter" }, letter(index)),
      h("div", { class: "option__text", id }, hidden(M.proposition(letter(index))), prose(proposition.html, "")), group));
  });
  return list;
}

/** TCS: a scale from −2 to +2. @param {Question} question @param {Room} room */
export function scale(question, room) {
  const chosen = room.model.response(question.id)?.choice ?? null;
  const list = h("div", { class: "scale" });
  for (const { value, label } of question.scale ?? []) {
    const sign = value > 0 ? `+${value}` : value < 0 ? `−${-value}` : "0";
    list.append(h("label", { class: "scale__step" },
      h("input", { type: "radio", name: `answer-${question.id}`, value, checked: value === chosen, onchange: () => room.answer(question.id, { choice: value }) }),
      h("span", { class: "scale__face" }, h("span", { class: "scale__value" }, sign), h("span", { class: "scale__label" }, label))));
  }
  return list;
}

/**
 * A letter was typed: tick, untick, or go to the next of the three states.
 * @param {ParentNode} place @param {string} key @returns {boolean} whether a proposition has this letter
 */
export function pressLetter(place, key) {
  const target = place.querySelector(`[data-letter="${key.toUpperCase()}"]`);
  if (target instanceof HTMLInputElement) {
    target.focus();
    target.click();
    return true;
  }
  if (!target) return false;
  const inputs = [...target.querySelectorAll("input")];
  const at = inputs.findIndex((input) => input.checked);
  const next = inputs[(at + 1) % inputs.length];
  next.focus();
  next.click();
  return true;
}
