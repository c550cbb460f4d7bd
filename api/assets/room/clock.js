// The server's time, kept with performance.now(). The wall clock of the machine is read in one case: a page opened
// without a network goes on from what the last one knew, and says that its time is approximate.

/** @import { AttemptState, Clock } from "./types.js" */

export class ServerClock {
  /** server time minus performance.now(), ms */
  #offset_ms = 0;
  /** half-open doubt on the offset, ms; grows a little at each reading so that fresh ones win */
  #doubt_ms = Infinity;
  /** @type {Clock|null} */
  clock = null;
  /** Read from this machine's clock, for want of the server's. */
  approximate = false;

  /** Server's time minus this machine's, ms: what a page opened without a network starts from. */
  get ahead_ms() {
    return this.now_ms() - Date.now();
  }

  /** @param {Clock} clock as it was last read @param {number} ahead_ms */
  restore(clock, ahead_ms) {
    this.clock = clock;
    this.approximate = true;
    this.#offset_ms = Math.max(Date.now() + ahead_ms, clock.now_ms) - performance.now();
  }

  /**
   * A reading was taken by the server somewhere between `sent` and `received`. It replaces the
   * current offset when that offset became impossible (sleep, drift) or when it is sharper.
   * @param {Clock} clock @param {number} sent @param {number} received  performance.now() values
   * @returns {boolean} false for a reading older than the last one: replies may cross on the way
   */
  learn(clock, sent, received) {
    if (this.clock && clock.now_ms < this.clock.now_ms) return false;
    this.clock = clock;
    this.approximate = false;
    const low = clock.now_ms - received;
    const high = clock.now_ms - sent;
    this.#doubt_ms *= 1.1;
    if (this.#offset_ms < low || this.#offset_ms > high || high - low < this.#doubt_ms) {
      this.#offset_ms = (low + high) / 2;
      this.#doubt_ms = high - low;
    }
    return true;
  }

  now_ms() {
    return Math.round(performance.now() + this.#offset_ms);
  }

  /** @returns {number|null} null when there is no deadline */
  remaining_ms() {
    const deadline = this.clock?.deadline_ms ?? null;
    return deadline === null ? null : deadline - this.now_ms();
  }

  /** @param {AttemptState} state */
  isOver(state) {
    const left_ms = this.remaining_ms();
    return state === "closed" || (state === "running" && left_ms !== null && left_ms <= 0);
  }

  /** @returns {number|null} */
  untilStart_ms() {
    const start = this.clock?.starts_ms ?? null;
    return start === null ? null : start - this.now_ms();
  }
}

export const HIDE_LIMIT_MS = 5 * 60_000;
const WARNINGS_MIN = [15, 5, 1];

/** Says once each limit that is crossed. */
export class Warnings {
  #last_ms = Infinity;

  /** @param {number} remaining_ms @returns {number|null} minutes to announce */
  crossed(remaining_ms) {
    const last = this.#last_ms;
    this.#last_ms = remaining_ms;
    if (last === Infinity) return null;
    const limit = WARNINGS_MIN.some((m) => last > m * 60_000 && remaining_ms <= m * 60_000);
    return limit && remaining_ms > 0 ? Math.ceil(remaining_ms / 60_000) : null; // several may go by in a sleep
  }
}
