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
 *   onUnreadable: (act: Act) => void,
 *   onServerLoss: () => void,
 *   onNotDurable: () => void
 * }} Hooks
 */

const BATCH = 100;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
/** This machine's own storage may hang: then the server is reached without it. */
const STORE_LIMIT_MS = 4000;
/** Steps that the server cannot read, one after the other, before it is the server that is doubted. */
const MOST_UNREADABLE = 3;
/** Refusals of what an earlier page left, after which this page's steps no longer wait for it. */
const PATIENCE = 3;

export class StepQueue {
  #api;
  #store;
  #hooks;
  /** @type {Box[]} oldest first; the last one is this page once opened */
  #boxes = [];
  /** @type {Box|null} */
  #current = null;
  #seq = 0;
  #batch = BATCH;
  #unreadable = 0;
  #running = false;
  #failures = 0;
  /** @type {Map<Box, number>} refusals in a row that are the box's own, not the network's */
  #refusals = new Map();
  /** @type {Box|null} what the pump waits to send again */
  #asleep = null;
  #renewed = false;
  /** @type {ApiError|null} */
  #trouble = null;
  /** @type {() => void} */
  #wake = () => {};
  /** This page has had its stream, if only to lose it since with the server's data. */
  opened = false;
  /** @type {() => void} */
  #tellOpened = () => {};
  /** @type {Promise<void>|null} */
  #opening = null;
  #left = false;
  /** @type {Promise<unknown>} writes go one after the other */
  #writing = Promise.resolve();
  #unwritten = 0;
  #erased = false;
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

  /**
   * Without a network no stream can be had: this page goes on in that of the last one here, which no longer answers.
   * @returns {Promise<boolean>} false where there is none, or where what it made is not known for sure
   */
  async resume() {
    const head = await this.#write(() => this.#store?.lastHead());
    if (!head || this.#current) return false;
    /** @type {Box} */
    const box = this.#boxes.find(({ page }) => page === head.page) ?? { page: head.page, stream: head.stream, steps: [] };
    this.#boxes = [...this.#boxes.filter((other) => other !== box), box];
    this.#seq = Math.max(head.last, box.steps.at(-1)?.seq ?? 0);
    this.#current = box;
    this.opened = true;
    this.#opening = Promise.resolve();
    return true;
  }

  /** What waits, as it is to be sent. @returns {Box[]} */
  boxes() {
    return this.#boxes.filter((box) => box.steps.length > 0);
  }

  /** Everything has arrived and the sheet is over: nothing of it stays here. */
  async erase() {
    this.#erased = true; // what is under way writes nothing after
    await this.#write(() => this.#store?.erase());
  }

  /** Resolves once this page has its stream: before, nothing may be answered, for an answer that got its
   *  place only later would be taken for newer than those of a page opened since. */
  openPage() {
    this.#opening ??= (async () => {
      /** @type {Box} */
      const box = { page: 0, stream: null, steps: [] };
      /** @type {Promise<void>} */
      const opened = new Promise((resolve) => (this.#tellOpened = resolve));
      box.page = (await this.#write(() => this.#store?.newPage())) ?? 0; // 0: memory only
      if (this.#left) return;
      this.#current = box;
      this.#boxes.push(box);
      void this.#pump();
      await opened;
    })();
    return this.#opening;
  }

  /** Number of this page's stream; null before it has one, and while it is to get another. */
  get stream() {
    return this.#current?.stream ?? null;
  }

  /** Another page answers now: this one sends what it holds and opens no stream any more. */
  leave() {
    this.#left = true;
    if (this.#current && this.#current.stream === null && this.#current.steps.length === 0) {
      this.#boxes = this.#boxes.filter((box) => box !== this.#current);
    }
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

  /** Resolves once it is written here. @param {Act} act @returns {Promise<void>} */
  push(act) {
    const box = this.#current;
    if (!box) throw new Error("openPage first");
    /** @type {Step} */
    const step = { seq: 0, client_ms: this.#hooks.now_ms(), act };
    this.#erased = false;
    this.#unwritten += 1;
    this.#tell();
    return this.#write(() => {
      step.seq = ++this.#seq;
      return this.#store?.add(box, step);
    }).then(() => {
      this.#unwritten -= 1;
      box.steps.push(step);
      if (this.#asleep && this.#asleep !== box && this.#stuck(this.#asleep)) this.#wake();
      void this.#pump();
    });
  }

  /** What the server had acknowledged, and has lost: it goes again, before what waits. @param {Act[]} acts */
  sendAgain(acts) {
    const box = this.#current;
    if (!box || box.stream !== null || acts.length === 0) return; // with a stream, its own loss will be known
    box.steps.unshift(...acts.map((act) => ({ seq: 0, client_ms: this.#hooks.now_ms(), act })));
    void this.#write(() => {
      this.#number(box);
      return this.#store?.rewrite(box);
    });
  }

  /** The network or the session may be back. */
  retryNow() {
    this.#wake();
    void this.#pump();
  }

  /** A request outside the queue failed or worked: same indicator. @param {ApiError|null} trouble */
  note(trouble) {
    if (this.#failures > 0) return trouble ? undefined : this.retryNow();
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble) this.#tell();
    else void this.#pump();
  }

  #tell() {
    this.#hooks.onStatus(this.status());
  }

  /** @template T @param {() => Promise<T>|undefined} work @returns {Promise<T|undefined>} */
  #write(work) {
    const limited = async () => {
      const started = work();
      if (started === undefined) return undefined;
      /** @type {Promise<never>} */
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error("storage hangs")), STORE_LIMIT_MS));
      return Promise.race([started, late]);
    };
    const next = this.#writing.then(limited).catch(() => {
      this.#store = null;
      if (this.durable) this.#hooks.onNotDurable();
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
      const box = this.#due();
      if (!box) break;
      try {
        if (this.#trouble?.kind === "session") await this.#api.renewToken();
        if (box.stream === null) await this.#open(box);
        if (box.steps.length > 0) await this.#send(box);
        this.#failures = 0;
        this.#refusals.delete(box);
        this.#renewed = false;
        this.#trouble = null;
      } catch (error) {
        await this.#recover(error instanceof ApiError ? error : new ApiError("server"), box);
      }
      this.#tell();
    }
    if (this.#failures > 0) {
      this.#failures = 0; // what failed no longer waits
      this.#trouble = null;
      this.#tell();
    }
    this.#running = false;
  }

  /** What is to be sent now: what earlier pages left goes first, but does not keep this one's from leaving.
   *  @returns {Box|undefined} */
  #due() {
    const own = this.#current;
    const earlier = this.#boxes.find((box) => box !== own && box.steps.length > 0);
    if (!own || !(own.steps.length > 0 || (own.stream === null && !this.#left))) return earlier;
    return earlier && !this.#stuck(earlier) ? earlier : own;
  }

  /** Refused again and again, by its own fault. One without a stream is waited for: opened after this page,
   *  it would pass for newer. @param {Box} box */
  #stuck(box) {
    return box !== this.#current && box.stream !== null && (this.#refusals.get(box) ?? 0) >= PATIENCE;
  }

  /** @param {Box} box */
  #number(box) {
    box.steps.forEach((step, i) => (step.seq = i + 1));
    if (box === this.#current) this.#seq = box.steps.length;
  }

  /** @param {Box} box */
  async #open(box) {
    const { data } = await this.#api.openStream();
    await this.#write(() => {
      box.stream = data.stream;
      this.#number(box);
      return this.#erased ? undefined : this.#store?.rewrite(box);
    });
    if (box === this.#current) {
      this.opened = true;
      this.#tellOpened();
    } else if (this.#current && this.#current.stream !== null && !this.#left) {
      // an earlier page's steps now have a greater number than this page, which is the newer one
      this.#current.stream = null;
      this.#hooks.onServerLoss();
    }
  }

  /** @param {Box} box */
  async #send(box) {
    const batch = box.steps.slice(0, this.#batch);
    const { data, sent, received } = await this.#api.steps(Number(box.stream), batch);
    if (data.acknowledged < batch[0].seq) throw new ApiError("server");
    const made = box === this.#current ? this.#seq : (box.steps.at(-1)?.seq ?? 0);
    // a page that was left may see the one that goes on in its stream: what it holds has arrived all the same
    if (data.acknowledged > made && !this.#left) {
      // the stream holds more than was ever made here: these numbers are another's, and the steps go into a new one
      box.stream = null;
      if (box === this.#current) this.#hooks.onServerLoss();
      return;
    }
    const acts = new Map(batch.map((step) => [step.seq, step.act]));
    const verdicts = (data.verdicts ?? []).flatMap(({ seq, verdict }) => {
      const act = acts.get(seq);
      return act ? [{ act, verdict }] : [];
    });
    this.#drop(box, data.acknowledged);
    if (batch.some((step) => !("view" in step.act))) this.#unreadable = 0;
    this.#batch = BATCH;
    this.#hooks.onReply(data, sent, received, verdicts);
  }

  /** @param {Box} box @param {number} seq */
  #drop(box, seq) {
    box.steps = box.steps.filter((step) => step.seq > seq);
    void this.#write(() => this.#store?.dropUpTo(box.page, seq));
  }

  /** The server says that it cannot read what was sent: finds which step, and goes on without it. @param {Box} box @returns {boolean} found? */
  #setAside(box) {
    if (this.#batch > 1 && box.steps.length > 1) {
      this.#batch = 1;
      return true;
    }
    const step = box.steps[0];
    if (!step || "view" in step.act || this.#unreadable >= MOST_UNREADABLE) return false;
    this.#unreadable += 1;
    const act = step.act;
    step.act = { view: { element: "" } }; // keeps its number in the stream
    this.#hooks.onUnreadable(act);
    return true;
  }

  /** @param {ApiError} error @param {Box} box */
  async #recover(error, box) {
    if (error.kind === "gap") {
      const first = box.steps[0]?.seq ?? 1;
      if (error.expected_seq > first) this.#drop(box, error.expected_seq - 1);
      else {
        // a number is missing: here (a write that failed), or there (steps acknowledged, then lost with a
        // database). What waits goes into a new stream.
        box.stream = null;
        if (error.expected_seq < first) this.#hooks.onServerLoss();
      }
    }
    if (error.kind === "stream") {
      box.stream = null;
      this.#hooks.onServerLoss();
    }
    if (error.kind === "unreadable" && this.#setAside(box)) return;
    if (error.kind === "refused" && !this.#renewed) {
      this.#renewed = true; // perhaps only the token is out of date
      await this.#api.renewToken();
      return;
    }
    if (error.kind === "refused") this.#renewed = false; // another account, a filter on the way: it may pass
    this.#trouble = error;
    this.#failures += 1;
    if (["refused", "server", "unreadable"].includes(error.kind)) this.#refusals.set(box, (this.#refusals.get(box) ?? 0) + 1);
    this.#tell();
    const patience_ms = error.kind === "refused" ? LONGEST_DELAY_MS : FIRST_DELAY_MS * 2 ** (Math.max(this.#failures, this.#refusals.get(box) ?? 0) - 1);
    const delay_ms = Math.min(LONGEST_DELAY_MS, patience_ms) * (0.5 + Math.random() / 2);
    this.#asleep = box;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(delay_ms, Math.min(error.retry_ms, 30_000)));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
    this.#asleep = null;
  }
}

/** @type {Record<Failure, Status["kind"]>} */
const TROUBLE = {
  network: "offline", busy: "busy", session: "session", door: "refused", refused: "refused", gap: "server", stream: "server", unreadable: "server", unable: "server", server: "server",
};
