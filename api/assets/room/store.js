// What waits on this machine (IndexedDB). A "page" is one load of the room; it owns one stream of
// steps, whose number is null until the server has given it.

/** @import { Step } from "./types.js" */

/** @typedef {{page:number, stream:number|null, steps:Step[]}} Box */
/** @typedef {{page:number, stream:number, last:number}} Head of a page that had its stream, and the last step it made */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const done = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onabort = transaction.onerror = () => reject(transaction.error);
});

const OPEN_LIMIT_MS = 4000;

export class StepStore {
  #attempt;
  #db;

  /** @param {string} attempt @param {IDBDatabase} db */
  constructor(attempt, db) {
    this.#attempt = attempt;
    this.#db = db;
  }

  /** @param {string} attempt @returns {Promise<StepStore|null>} null when the browser has no storage */
  static async open(attempt) {
    try {
      const request = indexedDB.open("docimo-room", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("steps", { keyPath: ["attempt", "page", "seq"] });
        request.result.createObjectStore("pages", { keyPath: ["attempt", "page"] });
      };
      /** @type {Promise<never>} */
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error("storage hangs")), OPEN_LIMIT_MS));
      const db = await Promise.race([asked(request), late]);
      db.onversionchange = () => db.close();
      return new StepStore(attempt, db);
    } catch {
      return null;
    }
  }

  /** @param {"readonly"|"readwrite"} mode */
  #begin(mode) {
    const transaction = this.#db.transaction(["steps", "pages"], mode, { durability: mode === "readwrite" ? "strict" : "default" });
    return { transaction, steps: transaction.objectStore("steps"), pages: transaction.objectStore("pages") };
  }

  #mine() {
    return IDBKeyRange.bound([this.#attempt], [this.#attempt, []]);
  }

  /** Pages that still hold steps, oldest first. @returns {Promise<Box[]>} */
  async waiting() {
    const { steps, pages } = this.#begin("readonly");
    const [rows, heads] = await Promise.all([asked(steps.getAll(this.#mine())), asked(pages.getAll(this.#mine()))]);
    /** @type {Map<number, Box>} */
    const boxes = new Map(heads.map((p) => [p.page, { page: p.page, stream: p.stream, steps: [] }]));
    for (const { page, seq, client_ms, act } of rows) {
      /** @type {Box} */
      const box = boxes.get(page) ?? { page, stream: null, steps: [] }; // its head was lost: its answers are not
      boxes.set(page, box);
      box.steps.push({ seq, client_ms, act });
    }
    return [...boxes.values()].filter((box) => box.steps.length > 0).sort((a, b) => a.page - b.page);
  }

  /** @returns {Promise<number>} */
  async newPage() {
    const { transaction, pages } = this.#begin("readwrite");
    const last = await asked(pages.openKeyCursor(this.#mine(), "prev"));
    const page = last && Array.isArray(last.key) ? Number(last.key[1]) + 1 : 1;
    pages.put({ attempt: this.#attempt, page, stream: null });
    await done(transaction);
    return page;
  }

  /** The last page that had its stream here. @returns {Promise<Head|null>} */
  async lastHead() {
    const { pages } = this.#begin("readonly");
    const heads = await asked(pages.getAll(this.#mine()));
    const had = heads.filter((head) => head.stream !== null && head.last !== undefined);
    return had.reduce((/** @type {Head|null} */ last, head) => (last && last.page > head.page ? last : head), null);
  }

  /** Nothing of this sheet stays. */
  async erase() {
    const { transaction, steps, pages } = this.#begin("readwrite");
    steps.delete(this.#mine());
    pages.delete(this.#mine());
    await done(transaction);
  }

  /** Writes a box as it now is: its stream and all its steps. @param {Box} box */
  async rewrite(box) {
    const { transaction, steps, pages } = this.#begin("readwrite");
    pages.put({ attempt: this.#attempt, page: box.page, stream: box.stream, last: box.steps.at(-1)?.seq ?? 0 });
    steps.delete(IDBKeyRange.bound([this.#attempt, box.page], [this.#attempt, box.page, []]));
    for (const step of box.steps) steps.put({ attempt: this.#attempt, page: box.page, ...step });
    await done(transaction);
  }

  /** Resolves once on disk. @param {Box} box @param {Step} step */
  async add({ page, stream }, step) {
    const { transaction, steps, pages } = this.#begin("readwrite");
    steps.put({ attempt: this.#attempt, page, ...step });
    pages.put({ attempt: this.#attempt, page, stream, last: step.seq });
    await done(transaction);
  }

  /** @param {number} page @param {number} seq */
  async dropUpTo(page, seq) {
    const { transaction, steps } = this.#begin("readwrite");
    steps.delete(IDBKeyRange.bound([this.#attempt, page, 0], [this.#attempt, page, seq]));
    await done(transaction);
  }
}
