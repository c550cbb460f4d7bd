// The JSON API of one attempt. Every failure becomes an ApiError with a kind the queue understands.

/** @import { AttemptState, Clock, KeysReply, RoomData, Step, StepsReply } from "./types.js" */

/** @typedef {"network"|"busy"|"session"|"door"|"refused"|"gap"|"stream"|"unreadable"|"unable"|"server"} Failure */
/** @template T @typedef {{data:T, sent:number, received:number}} Timed */

const TIMEOUT_MS = 15_000;
/** a piece of the paper may be large, and the line slow */
const PIECE_TIMEOUT_MS = 180_000;

export class ApiError extends Error {
  /** @param {Failure} kind @param {{detail?:string, expected_seq?:number}} [problem] @param {number} [retry_ms] */
  constructor(kind, problem = {}, retry_ms = 0) {
    super(problem.detail || kind);
    this.kind = kind;
    this.expected_seq = problem.expected_seq ?? 0;
    this.retry_ms = retry_ms;
  }
}

export class Api {
  #csrf;
  #base;
  #page;

  /** @param {string} attempt @param {string} csrf @param {string} page address of the page that carries the token */
  constructor(attempt, csrf, page) {
    this.#base = `/api/v1/attempts/${encodeURIComponent(attempt)}`;
    this.#csrf = csrf;
    this.#page = page;
  }

  /** @returns {Promise<Timed<RoomData>>} */
  room() { return this.#call("GET", "/room"); }

  /** @returns {Promise<Timed<RoomData>>} */
  start() { return this.#call("POST", "/start", {}); }

  /** @returns {Promise<Timed<{stream:number}>>} */
  openStream() { return this.#call("POST", "/streams", {}); }

  /** @param {number} stream @param {Step[]} steps @returns {Promise<Timed<StepsReply>>} */
  steps(stream, steps) { return this.#call("POST", "/steps", { stream, steps }); }

  /** @returns {Promise<Timed<{state:AttemptState, clock:Clock, streams:number}>>} */
  clock() { return this.#call("GET", "/clock"); }

  /** @param {{url:string, config_key:string, browser_exam_key:string}} read @returns {Promise<Timed<unknown>>} */
  browser(read) { return this.#call("POST", "/browser", read); }

  /** @returns {Promise<Timed<KeysReply>>} */
  keys() { return this.#call("GET", "/keys"); }

  /** A sealed piece, or the manifest. @param {string} address @param {RequestCache} cache @returns {Promise<ArrayBuffer>} */
  async piece(address, cache) {
    try {
      const reply = await fetch(address, { credentials: "same-origin", cache, signal: AbortSignal.timeout(PIECE_TIMEOUT_MS) });
      if (!reply.ok) throw failure(reply, null);
      return await reply.arrayBuffer();
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError("network");
    }
  }

  /** After signing in again in another tab, the token of this page is out of date: read the new one. */
  async renewToken() {
    try {
      const reply = await fetch(this.#page, { credentials: "same-origin", headers: { accept: "text/html" } });
      if (!reply.ok) return;
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      this.#csrf = page.body.dataset.csrf || this.#csrf;
    } catch {
      /* the next call will say what is wrong */
    }
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<Timed<any>>} */
  async #call(method, path, body) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    /** @type {Record<string, string>} */
    const headers = { accept: "application/json" };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      headers["x-csrf-token"] = this.#csrf;
    }
    const sent = performance.now();
    try {
      const reply = await fetch(this.#base + path, {
        method, headers, credentials: "same-origin", cache: "no-store", signal: abort.signal,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const received = performance.now();
      const data = await reply.json().catch(() => null);
      if (reply.ok && data !== null) return { data, sent, received };
      throw failure(reply, data);
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError("network");
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param {Response} reply @param {any} problem */
function failure(reply, problem) {
  const retry_ms = 1000 * (Number(reply.headers.get("retry-after")) || 0);
  if (reply.ok) return new ApiError("network"); // not JSON: something between us and the server answered
  if (reply.status === 401) return new ApiError("session", problem ?? {});
  if (reply.status === 403 && String(problem?.type).endsWith(":not-admitted")) return new ApiError("door", problem);
  if (reply.status === 403 || reply.status === 404) return new ApiError("refused", problem ?? {});
  if (reply.status === 409 && String(problem?.type).endsWith(":sequence-gap")) return new ApiError("gap", problem);
  if (reply.status === 409 && String(problem?.type).endsWith(":unknown-stream")) return new ApiError("stream", problem);
  // said by our server, not by something on the way
  if ([400, 413, 422].includes(reply.status) && String(problem?.type).includes("docimo:problem")) return new ApiError("unreadable", problem);
  if (reply.status === 503 || reply.status === 429) return new ApiError("busy", problem ?? {}, retry_ms);
  return new ApiError("server", problem ?? {}, retry_ms);
}
