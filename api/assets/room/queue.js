// Steps on their way to the server: written here first, sent in order, dropped when acknowledged.
import { ApiError } from "./api.js";
/** @import { Api, Failure } from "./api.js" */
/** @import { Box, StepStore } from "./store.js" */
/** @import { Act, Step, StepsReply, Verdict } from "./types.js" */

/** @typedef {{kind:"saved"|"sending"|"refused"|"offline"|"busy"|"session"|"server", steps:number, answers:number}} Status */
/**
 * @typedef {{
 *   now_ms: () => number,
 *   onStatus: (status: Status) => void,
 *   onReply: (reply: StepsReply, sent: number, received: number, verdicts: {act:Act, verdict:Verdict}[]) => void,
 *   onServerLoss: () => void
 * }} Hooks
 */

const BATCH = 100;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

export class StepQueue {
  #api;
  #store;
  #hooks;
  /** @type {Box[]} oldest first; the last one is this page once opened */
  #boxes = [];
  /** @type {Box|null} */
  #current = null;
  #seq = 0;
  #running = false;
  #failures = 0;
  #renewed = false;
  /** @type {ApiError|null} */
  #trouble = null;
  /** @type {() => void} */
  #wake = () => {};
  /** @type {Promise<unknown>} writes go one after the other */
  #writing = Promise.resolve();
  #unwritten = 0;
  durable = true;

  /** @param {Api} api @param {StepStore|null} store @param {Hooks} hooks */
  constructor(api, store, hooks) {
    this.#api = api;
    this.#store = store;
    this.#hooks = hooks;
    this.durable = store !== null;
    for (const name of ["online", "focus"]) addEventListener(name, () => this.retryNow());
  }

  /** Takes back what earlier pages left. */
  async load() {
    const earlier = (await this.#write(() => this.#store?.waiting())) ?? [];
    this.#boxes = [...earlier, ...this.#boxes];
    void this.#pump();
  }

  /** Opens the stream of this page; may be called again without harm. */
  async openPage() {
    if (this.#current) return;
    /** @type {Box} */
    const box = { page: 0, stream: null, steps: [] };
    this.#current = box;
    this.#boxes.push(box);
    box.page = (await this.#write(() => this.#store?.newPage())) ?? 0; // 0: memory only
    void this.#pump();
  }

  /** Acts that wait, in order. @returns {Act[]} */
  waiting() {
    return this.#boxes.flatMap((box) => box.steps.map((step) => step.act));
  }

  /** @returns {Status} */
  status() {
    const acts = this.waiting();
    const answers = new Set(acts.map((a) => ("answer" in a ? a.answer.question : "")).filter(Boolean)).size;
    /** @type {Status["kind"]} */
    let kind = acts.length + this.#unwritten > 0 ? "sending" : "saved";
    if (this.#trouble) kind = TROUBLE[this.#trouble.kind];
    return { kind, steps: acts.length, answers };
  }

  /** @param {Act} act */
  push(act) {
    const box = this.#current;
    if (!box) throw new Error("openPage first");
    /** @type {Step} */
    const step = { seq: 0, client_ms: this.#hooks.now_ms(), act };
    this.#unwritten += 1;
    this.#tell();
    void this.#write(() => {
      step.seq = ++this.#seq;
      return this.#store?.add(box.page, step);
    }).then(() => {
      this.#unwritten -= 1;
      box.steps.push(step);
      void this.#pump();
    });
  }

  /** The network or the session may be back. */
  retryNow() {
    this.#wake();
    void this.#pump();
  }

  /** A request outside the queue failed or worked: same indicator. @param {ApiError|null} trouble */
  note(trouble) {
    if (trouble ? this.#failures > 0 : this.#trouble === null) return;
    if (!trouble && this.#failures > 0) return this.retryNow();
    this.#trouble = trouble;
    this.#tell();
  }

  /** Everything is on the server and the paper is closed. */
  async forget() {
    if (this.waiting().length === 0) await this.#write(() => this.#store?.forget());
  }

  #tell() {
    this.#hooks.onStatus(this.status());
  }

  /** @template T @param {() => Promise<T>|undefined} work @returns {Promise<T|undefined>} */
  #write(work) {
    const next = this.#writing.then(work).catch(() => {
      this.durable = false;
      return undefined;
    });
    this.#writing = next;
    return next;
  }

  async #pump() {
    this.#tell();
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const box = this.#boxes.find((b) => b.steps.length > 0 || (b === this.#current && b.stream === null));
      if (!box || this.#trouble?.kind === "refused") break;
      try {
        if (this.#trouble?.kind === "session") await this.#api.renewToken();
        if (box.stream === null) await this.#open(box);
        if (box.steps.length > 0) await this.#send(box);
        this.#failures = 0;
        this.#renewed = false;
        this.#trouble = null;
      } catch (error) {
        await this.#recover(error instanceof ApiError ? error : new ApiError("server"), box);
      }
      this.#tell();
    }
    this.#running = false;
  }

  /** @param {Box} box */
  async #open(box) {
    const { data } = await this.#api.openStream();
    await this.#write(() => {
      box.stream = data.stream;
      box.steps.forEach((step, i) => (step.seq = i + 1));
      if (box === this.#current) this.#seq = box.steps.length;
      return this.#store?.rewrite(box);
    });
  }

  /** @param {Box} box */
  async #send(box) {
    const batch = box.steps.slice(0, BATCH);
    const { data, sent, received } = await this.#api.steps(Number(box.stream), batch);
    if (data.acknowledged < batch[0].seq) throw new ApiError("server");
    const acts = new Map(batch.map((step) => [step.seq, step.act]));
    const verdicts = (data.verdicts ?? []).flatMap(({ seq, verdict }) => {
      const act = acts.get(seq);
      return act ? [{ act, verdict }] : [];
    });
    this.#drop(box, data.acknowledged);
    this.#hooks.onReply(data, sent, received, verdicts);
  }

  /** @param {Box} box @param {number} seq */
  #drop(box, seq) {
    box.steps = box.steps.filter((step) => step.seq > seq);
    void this.#write(() => this.#store?.dropUpTo(box.page, seq));
  }

  /** @param {ApiError} error @param {Box} box */
  async #recover(error, box) {
    if (error.kind === "gap") {
      const first = box.steps[0]?.seq ?? 1;
      if (error.expected_seq > first) this.#drop(box, error.expected_seq - 1);
      else if (error.expected_seq < first) {
        // the server no longer has steps it had acknowledged: what waits goes into a new stream
        box.stream = null;
        this.#hooks.onServerLoss();
      }
    }
    if (error.kind === "refused" && !this.#renewed) {
      this.#renewed = true; // perhaps only the token is out of date
      await this.#api.renewToken();
      return;
    }
    this.#trouble = error;
    this.#failures += 1;
    this.#tell();
    if (error.kind === "refused") return;
    const delay_ms = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(delay_ms, Math.min(error.retry_ms, 30_000)));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}

/** @type {Record<Failure, Status["kind"]>} */
const TROUBLE = { network: "offline", busy: "busy", session: "session", refused: "refused", gap: "server", server: "server" };
