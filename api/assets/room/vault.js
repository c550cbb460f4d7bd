// What this machine keeps of a sheet so that it goes on without a network (IndexedDB): the encrypted paper, and beside
// it what the server said last (state, answers it holds, keys it gave). Erased when the sheet is over and received.

/** @import { RoomData } from "./types.js" */

/**
 * What is kept of a sheet. `ahead_ms` is the server's time minus this machine's, as last read.
 * @typedef {{attempt:string, data:RoomData, keys:Record<string, string>, ahead_ms:number}} Kept
 */

const LIMIT_MS = 4000;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @template T @param {Promise<T>} work @returns {Promise<T>} */
const limited = (work) => {
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("storage hangs")), LIMIT_MS));
  return Promise.race([work, late]);
};

export class Vault {
  /** @type {IDBDatabase|null} */
  #db;
  /** @type {Map<string, any>} where the browser keeps nothing, or stops keeping */
  #memory = new Map();
  #writing = false;
  /** @type {Kept|null} */
  #due = null;

  /** @param {IDBDatabase|null} db */
  constructor(db) {
    this.#db = db;
  }

  static async open() {
    try {
      const request = indexedDB.open("docimo-paper", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("sheets", { keyPath: "attempt" });
        request.result.createObjectStore("pieces");
      };
      const db = await limited(asked(request));
      db.onversionchange = () => db.close();
      return new Vault(db);
    } catch {
      return new Vault(null);
    }
  }

  /** @param {"sheets"|"pieces"} name @param {"readonly"|"readwrite"} mode @param {(store: IDBObjectStore) => IDBRequest<any>} work */
  async #ask(name, mode, work) {
    if (!this.#db) throw new Error("no storage");
    return limited(asked(work(this.#db.transaction(name, mode).objectStore(name))));
  }

  /** @param {string} attempt @returns {Promise<Kept|undefined>} */
  async sheet(attempt) {
    return this.#ask("sheets", "readonly", (store) => store.get(attempt)).catch(() => undefined);
  }

  /** Writes the latest; what came meanwhile is written once. @param {Kept} kept */
  async keep(kept) {
    this.#due = kept;
    if (this.#writing) return;
    this.#writing = true;
    while (this.#due) {
      const now = this.#due;
      this.#due = null;
      await this.#ask("sheets", "readwrite", (store) => store.put(now)).catch(() => undefined);
    }
    this.#writing = false;
  }

  /** @param {string} hash @returns {Promise<ArrayBuffer|undefined>} */
  async piece(hash) {
    return this.#memory.get(hash) ?? this.#ask("pieces", "readonly", (store) => store.get(hash)).catch(() => undefined);
  }

  /** @param {string} hash @param {ArrayBuffer} bytes */
  async putPiece(hash, bytes) {
    await this.#ask("pieces", "readwrite", (store) => store.put(bytes, hash)).catch(() => this.#memory.set(hash, bytes));
  }

  /** @param {string} attempt @param {string[]} hashes */
  async erase(attempt, hashes) {
    this.#due = null;
    for (const hash of hashes) {
      this.#memory.delete(hash);
      await this.#ask("pieces", "readwrite", (store) => store.delete(hash)).catch(() => undefined);
    }
    await this.#ask("sheets", "readwrite", (store) => store.delete(attempt)).catch(() => undefined);
  }
}
