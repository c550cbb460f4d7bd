// What the candidate sees: the server's answers, with everything done in this page on top.

/** @import { Paper } from "./paper.js" */
/** @import { Act, OpenRoom, Question, Response, RoomData, Stop } from "./types.js" */

/** @typedef {"empty"|"answered"|"locked"|"hidden"} Mark */

/** @param {Response|undefined} response */
export function isEmpty(response) {
  if (!response) return true;
  const { ticked = [], rejected = [], text = "", points = [], choice = null } = response;
  return ticked.length + rejected.length + points.length === 0 && text.trim() === "" && choice === null;
}

/** @param {Question} question @returns {Response} */
export function emptyResponse(question) {
  if (question.kind === "QROC") return { text: "" };
  if (question.kind === "QZP") return { points: [] };
  if (question.kind === "TCS") return { choice: null };
  return { ticked: [] };
}

export class Model {
  /** What the server said last. @type {RoomData} */
  data;
  /** The same with the paper, as far as it may be shown. @type {OpenRoom} */
  room;
  #paper;
  /** @type {Map<string, Response>} answers given in this page or still waiting from an earlier one */
  #mine = new Map();
  /** @type {Map<string, boolean>} */
  #flags = new Map();
  /** @type {Set<string>} locks asked for, not yet acknowledged */
  locking = new Set();
  /** @type {Set<string>} those of them that this machine has written: what follows may show */
  #written = new Set();
  handingIn = false;

  /** @param {RoomData} data @param {Paper} paper */
  constructor(data, paper) {
    this.data = data;
    this.#paper = paper;
    this.room = this.#composed();
  }

  #composed() {
    return this.#paper.compose(this.data, new Set([...this.data.locked, ...this.#written]));
  }

  /** The paper, or what is validated, has changed. */
  refresh() {
    for (const id of this.data.locked) this.locking.delete(id);
    this.room = this.#composed();
  }

  /** A validation is on this machine's disk. @param {string} question */
  written(question) {
    if (!this.locking.has(question)) return;
    this.#written.add(question);
    this.room = this.#composed();
  }

  /** What the server said, with all that was done here on top: a page opened without a network starts from it.
   *  @returns {RoomData} */
  kept() {
    const flags = new Set(this.data.flags);
    for (const [id, on] of this.#flags) on ? flags.add(id) : flags.delete(id);
    return { ...this.data, answers: { ...this.data.answers, ...Object.fromEntries(this.#mine) }, flags: [...flags], locked: [...new Set([...this.data.locked, ...this.#written])] };
  }

  /** @param {Act} act */
  apply(act) {
    if ("answer" in act) this.#mine.set(act.answer.question, act.answer.response);
    else if ("flag" in act) this.#flags.set(act.flag.question, act.flag.on);
    else if ("lock" in act) this.locking.add(act.lock.question);
    else if ("hand_in" in act) this.handingIn = true;
  }

  /** The server did not count it: its own value holds again. @param {Act} act */
  undo(act) {
    if ("answer" in act) {
      // only what was not counted: a newer answer stays
      if (this.#mine.get(act.answer.question) === act.answer.response) this.#mine.delete(act.answer.question);
    } else if ("flag" in act) this.#flags.delete(act.flag.question);
    else if ("lock" in act) {
      this.locking.delete(act.lock.question);
      this.#written.delete(act.lock.question);
    }
    else if ("hand_in" in act) this.handingIn = false;
  }

  /** @param {RoomData} data @param {boolean} handingIn is a hand-in still on its way? */
  merge(data, handingIn) {
    this.data = data;
    this.handingIn = handingIn;
    this.refresh();
  }

  /** @param {Partial<RoomData>} part */
  learn(part) {
    this.merge({ ...this.data, ...part }, this.handingIn);
  }

  /** All that this page knows to have been done, in an order in which it can be done again. @returns {Act[]} */
  everything() {
    return this.reachable().flatMap(({ question, status, of }) => {
      /** @type {Act[]} */
      const acts = [];
      const response = this.response(question);
      if (response) acts.push({ answer: { question, response } });
      if (this.flagged(question)) acts.push({ flag: { question, on: true } });
      if (of && status === "locked") acts.push({ lock: { question } });
      return acts;
    });
  }

  /** @param {string} id @returns {Response|undefined} */
  response(id) {
    return this.#mine.get(id) ?? this.room.answers[id];
  }

  /** @param {string} id */
  answered(id) {
    return !isEmpty(this.response(id));
  }

  /** @param {string} id */
  flagged(id) {
    return this.#flags.get(id) ?? this.room.flags.includes(id);
  }

  /** Every place of the paper in order, hidden ones included. @returns {Stop[]} */
  stops() {
    return this.room.elements.flatMap((element) => {
      /** @type {Stop[]} */
      const own = [];
      if (element.type === "question") own.push({ question: element.id, number: element.number, status: "open", of: null, part: 0 });
      else own.push(...element.parts.map((part, i) => ({ question: part.question, number: part.number, status: part.status, of: element, part: i })));
      return own;
    });
  }

  /** Places one can go to. */
  reachable() {
    return this.stops().filter((stop) => stop.status !== "hidden" && this.room.questions[stop.question]);
  }

  /** @param {string} id */
  stop(id) {
    return this.reachable().find((stop) => stop.question === id);
  }

  /** @param {string} id @param {1|-1} way */
  beside(id, way) {
    const stops = this.reachable();
    const at = stops.findIndex((stop) => stop.question === id);
    return at < 0 ? undefined : stops[at + way];
  }

  /** @param {Stop} stop @returns {Mark} */
  mark(stop) {
    if (stop.status !== "open" || this.locking.has(stop.question)) return stop.status === "hidden" ? "hidden" : "locked";
    return this.answered(stop.question) ? "answered" : "empty";
  }

  /** @returns {{answered:number, empty:Stop[], flagged:Stop[], hidden:number}} */
  summary() {
    const reachable = this.reachable();
    return {
      answered: reachable.filter((s) => this.answered(s.question)).length,
      empty: reachable.filter((s) => !this.answered(s.question)),
      flagged: reachable.filter((s) => this.flagged(s.question)),
      hidden: this.stops().filter((s) => s.status === "hidden").length,
    };
  }
}
