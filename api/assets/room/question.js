// One question on screen, with the case it belongs to.
import { h, prose, button, ask, isTyping } from "./dom.js";
import { M } from "./messages.js";
import { emptyResponse } from "./model.js";
import { ticks, trueFalse, scale } from "./choices.js";
import { shortText } from "./text.js";
import { zones } from "./zones.js";
import { figure, film } from "./viewer.js";
import { articlePane, caseText } from "./case.js";
/** @import { Question, Room, Stop } from "./types.js" */

/** @typedef {{element:HTMLElement, heading:HTMLElement, refresh:(offline:boolean) => void}} View */

/** @param {Question} question @param {Room} room @returns {HTMLElement} */
function answerArea(question, room) {
  if (question.kind === "QROC") return shortText(question, room);
  if (question.kind === "QZP") return zones(question, room);
  if (question.kind === "TCS") return scale(question, room);
  if (question.kind === "QCM") return trueFalse(question, room);
  return ticks(question, room);
}

/** @param {Question} question */
function scriptConcordance(question) {
  if (question.kind !== "TCS") return null;
  return h("dl", { class: "concordance" },
    h("div", {}, h("dt", {}, M.hypothesis), h("dd", {}, prose(question.hypothesis_html))),
    h("div", {}, h("dt", {}, M.finding), h("dd", {}, prose(question.finding_html))));
}

/** @param {Stop} stop @param {Room} room */
function lockButton(stop, room) {
  if (!stop.of?.progressive || stop.status !== "open") return null;
  const last = stop.part === stop.of.parts.length - 1;
  return button(last ? M.lockLast : M.lock, () => {
    const lines = [...(last ? M.lockLastLines : M.lockLines)];
    if (!room.model.answered(stop.question)) lines.unshift(M.lockEmpty);
    ask({ title: M.lockTitle, lines, ok: M.lockOk, cancel: M.cancel }, () => room.lock(stop.question));
  }, "btn--primary question__lock");
}

/** @param {Stop} stop @param {Room} room @returns {View} */
export function questionView(stop, room) {
  const question = room.model.room.questions[stop.question];
  const heading = h("h1", { class: "question__title", tabindex: "-1" }, M.question(stop.number), " ",
    h("span", {}, M.ofTotal(room.model.room.question_count)));
  const note = h("p", { class: "question__note", role: "status" });
  const area = h("fieldset", { class: "question__answer" }, h("legend", {}, question.instruction));
  const clear = button(M.clear, () => {
    room.answer(question.id, emptyResponse(question), 0);
    draw();
    room.say(M.cleared);
    heading.focus();
  }, "btn--quiet btn--small");
  const lock = lockButton(stop, room);
  const draw = () => {
    const fresh = answerArea(question, room);
    area.replaceChildren(h("legend", {}, question.instruction), fresh);
  };
  draw();

  const body = h("div", { class: "question__body" },
    note, prose(question.stem_html, "prose question__stem"),
    question.kind === "QZP" ? null : figure(question.image), film(question.video),
    scriptConcordance(question), area,
    h("div", { class: "question__actions" }, clear, lock));
  const sheet = h("article", { class: "question" },
    h("header", { class: "question__head" },
      h("p", { class: "question__num", "aria-hidden": "true" }, String(stop.number)),
      h("div", {}, heading, h("p", { class: "question__kind" }, question.mention ? `${question.kind_label}, ${question.mention}` : question.kind_label))),
    body);
  sheet.addEventListener("keydown", (event) => {
    // Enter in a short answer goes on instead of doing nothing
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || !isTyping(event.target)) return;
    const next = room.model.beside(stop.question, 1);
    if (next && !stop.of?.progressive) room.go(next.question);
  });

  const before = stop.of ? caseText(stop, stop.of) : null;
  const article = stop.of?.article ? articlePane(stop.of.article, stop.of.id) : null;
  const column = h("div", { class: "room-column" }, before, sheet);
  const element = h("div", { class: `room-view${article ? " room-view--split" : ""}` }, article, column);

  /** @param {boolean} offline */
  const refresh = (offline) => {
    const locking = room.model.locking.has(stop.question);
    area.disabled = room.readOnly(stop.question);
    clear.hidden = area.disabled || !room.model.answered(stop.question);
    if (lock) lock.hidden = area.disabled;
    const next = stop.of?.parts[stop.part + 1];
    const shown = !next || room.model.stop(next.question) !== undefined;
    const words = locking ? (offline ? (shown ? M.lockingKept : M.lockingOffline) : M.lockingNote) : stop.status === "locked" ? M.lockedNote : "";
    if (note.textContent !== words) note.textContent = words;
    note.hidden = !words;
  };
  refresh(false);
  return { element, heading, refresh };
}
