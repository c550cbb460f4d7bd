// Text being typed, not yet a step: one step per pause, never one per letter.
/** @import { Response } from "./types.js" */

export class Typing {
  /** @type {Map<string, {timer:number, response:Response}>} */
  #held = new Map();
  #send;

  /** @param {(question: string, response: Response) => void} send */
  constructor(send) {
    this.#send = send;
  }

  get busy() {
    return this.#held.size > 0;
  }

  /** @param {string} question @param {Response} response @param {number} delay_ms */
  hold(question, response, delay_ms) {
    this.drop(question);
    this.#held.set(question, { response, timer: setTimeout(() => this.flush(), delay_ms) });
  }

  /** @param {string} question */
  drop(question) {
    clearTimeout(this.#held.get(question)?.timer);
    this.#held.delete(question);
  }

  flush() {
    const held = [...this.#held];
    this.#held.clear();
    for (const [question, { timer, response }] of held) {
      clearTimeout(timer);
      this.#send(question, response);
    }
  }
}
