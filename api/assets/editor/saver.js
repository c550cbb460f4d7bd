// Keeps what is typed: on this machine at once, on the server a second later, again and again until it says that it
// has it on disk. Only then does the page say "Enregistré".

/** @typedef {"saved"|"typing"|"sending"|"offline"|"server"|"session"|"conflict"|"gone"|"refused"} State */
/** @typedef {import("./form.js").Tree} Tree */
/** @typedef {{page:string, seen:number, element:Tree, folder:string|null}} Kept */
/**
 * @typedef {{seen:number, overtaken_by:number|null, student_html:string, correction_html:string, panes_html:string,
 *   advice:{tags:Record<string, string[]>, credits:Record<string, string[]>}}} Reply
 */
/**
 * @typedef {{read: () => {element:Tree, folder:string|null}, onState: (state:State, why:string) => void,
 *   onReply: (reply:Reply) => void}} Hooks
 */

const DELAY_MS = 900;
const LOCAL_DELAY_MS = 150;
const TIMEOUT_MS = 15_000;
const RETRY_MS = [1000, 2000, 4000, 8000, 10_000];

/** What waits on this machine. */
export class Local {
  #key;

  /** @param {string} id */
  constructor(id) { this.#key = `docimo-draft:${id}`; }

  /** @returns {Kept|null} */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {Kept} kept */
  write(kept) {
    try {
      localStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // No place, or no right: the page still holds the text, and sends it.
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // Nothing was kept either.
    }
  }
}

export class Saver {
  #id;
  #csrf;
  #local;
  #hooks;
  #page;
  #seen;
  #wanted = 0;
  #kept = 0;
  #failures = 0;
  /** @type {number|undefined} */
  #timer;
  /** @type {number|undefined} */
  #localTimer;
  /** @type {Promise<void>|null} */
  #sending = null;
  /** @type {State} */
  state = "saved";

  /** @param {{id:string, csrf:string, page:string, seen:number}} draft @param {Local} local @param {Hooks} hooks */
  constructor(draft, local, hooks) {
    this.#id = draft.id;
    this.#csrf = draft.csrf;
    this.#page = draft.page;
    this.#seen = draft.seen;
    this.#local = local;
    this.#hooks = hooks;
    for (const name of ["online", "focus"]) addEventListener(name, () => this.retry());
    addEventListener("pagehide", () => this.#remember());
  }

  get seen() { return this.#seen; }

  /** Is everything that was typed on the server's disk? */
  get clean() { return this.#kept === this.#wanted; }

  /** Something was typed. */
  changed() {
    this.#wanted += 1;
    clearTimeout(this.#localTimer);
    this.#localTimer = setTimeout(() => this.#remember(), LOCAL_DELAY_MS);
    if (this.state === "saved") this.#tell("typing");
    if (this.state === "typing" || this.state === "sending" || this.state === "refused") this.#later(DELAY_MS);
  }

  /** Sends now; true once the server has everything. */
  async flush() {
    clearTimeout(this.#timer);
    this.#remember();
    // Twice: what was typed while the first was on its way.
    for (let turn = 0; turn < 3 && !this.clean; turn += 1) {
      const failures = this.#failures;
      await this.#send();
      if (this.#failures > failures || ["conflict", "gone", "refused", "session"].includes(this.state)) break;
    }
    return this.clean;
  }

  /** The network may be back, or someone signed in again. */
  retry() {
    if (!this.clean && ["offline", "server", "session"].includes(this.state)) void this.flush();
  }

  /** Writes over what another page kept. */
  async overwrite() {
    const now = await this.#call("GET", "");
    if (now.ok) this.#seen = now.body.seen;
    this.#tell("typing");
    return this.flush();
  }

  /** Sends a text kept on this machine. @param {Kept} kept @param {boolean} over whatever the server has */
  async recover(kept, over) {
    const seen = over ? this.#seen : kept.seen;
    return this.#call("PUT", "", { ...kept, seen });
  }

  /** A picture, as it is. @param {File} file */
  async picture(file) {
    return this.#call("POST", `/media?name=${encodeURIComponent(file.name)}`, file);
  }

  /**
   * A video or a PDF, with how far it is: `fetch` does not say. @param {File} file @param {string} kind
   * @param {(part:number) => void} far from 0 to 1
   * @returns {Promise<{ok:true, body:any}|{ok:false, state:State, why:string}>}
   */
  async document(file, kind, far, renewed = false) {
    const reply = await new Promise((/** @type {(reply:{status:number, data:any}) => void} */ done) => {
      const request = new XMLHttpRequest();
      const path = `/media?kind=${encodeURIComponent(kind)}&name=${encodeURIComponent(file.name)}`;
      request.open("POST", `/api/v1/drafts/${encodeURIComponent(this.#id)}${path}`);
      request.responseType = "json";
      request.setRequestHeader("accept", "application/json");
      request.setRequestHeader("content-type", "application/octet-stream");
      request.setRequestHeader("x-csrf-token", this.#csrf);
      request.upload.addEventListener("progress", (e) => e.lengthComputable && far(e.loaded / e.total));
      request.addEventListener("load", () => done({ status: request.status, data: request.response }));
      for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, () => done({ status: 0, data: null }));
      request.send(file);
    });
    const { status, data } = reply;
    if (status >= 200 && status < 300 && data) return { ok: true, body: data };
    if (status === 0) return { ok: false, state: "offline", why: "" };
    if (status === 403 && String(data?.type).endsWith(":csrf") && !renewed && (await this.#renew())) {
      return this.document(file, kind, far, true);
    }
    return { ok: false, state: stateOf(reply, data), why: whyOf(data) };
  }

  /** @param {string} query @returns {Promise<{tag:string, label:string, title:string}[]>} */
  async tags(query) {
    try {
      const reply = await fetch(`/api/v1/tags?q=${encodeURIComponent(query)}`, { credentials: "same-origin" });
      return reply.ok ? await reply.json() : [];
    } catch {
      return [];
    }
  }

  #remember() {
    clearTimeout(this.#localTimer);
    if (this.clean) return;
    this.#local.write({ page: this.#page, seen: this.#seen, ...this.#hooks.read() });
  }

  /** @param {number} ms */
  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  /** @param {State} state @param {string} [why] */
  #tell(state, why = "") {
    this.state = state;
    this.#hooks.onState(state, why);
  }

  #send() {
    this.#sending ??= this.#sendOnce().finally(() => (this.#sending = null));
    return this.#sending;
  }

  async #sendOnce() {
    if (this.clean) return;
    const wanted = this.#wanted;
    if (this.state === "typing" || this.state === "refused" || this.state === "saved") this.#tell("sending");
    const { element, folder } = this.#hooks.read();
    const reply = await this.#call("PUT", "", { element, folder, page: this.#page, seen: this.#seen });
    if (reply.ok) {
      this.#failures = 0;
      this.#seen = reply.body.seen;
      this.#kept = wanted;
      if (this.clean) {
        this.#local.forget();
        this.#tell("saved");
      } else {
        this.#tell("typing");
        this.#later(DELAY_MS);
      }
      this.#hooks.onReply(reply.body);
      return;
    }
    this.#failures += 1;
    this.#tell(reply.state, reply.why);
    if (["offline", "server"].includes(reply.state)) {
      this.#later(RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1]);
    }
  }

  /**
   * @param {string} method @param {string} path @param {unknown} [body]
   * @returns {Promise<{ok:true, body:any}|{ok:false, state:State, why:string}>}
   */
  async #call(method, path, body, renewed = false) {
    const file = body instanceof File;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), file ? 120_000 : TIMEOUT_MS);
    try {
      const reply = await fetch(`/api/v1/drafts/${encodeURIComponent(this.#id)}${path}`, {
        method, credentials: "same-origin", cache: "no-store", signal: abort.signal,
        headers: { accept: "application/json", "content-type": file ? "application/octet-stream" : "application/json", "x-csrf-token": this.#csrf },
        body: body === undefined ? undefined : file ? body : JSON.stringify(body),
      });
      const data = await reply.json().catch(() => null);
      if (reply.ok && data !== null) return { ok: true, body: data };
      if (reply.status === 403 && String(data?.type).endsWith(":csrf") && !renewed && (await this.#renew())) {
        return this.#call(method, path, body, true);
      }
      return { ok: false, state: stateOf(reply, data), why: whyOf(data) };
    } catch {
      return { ok: false, state: "offline", why: "" };
    } finally {
      clearTimeout(timer);
    }
  }

  /** After signing in again, the token of this page is out of date: read the new one. */
  async #renew() {
    try {
      const reply = await fetch(location.pathname, { credentials: "same-origin", headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const token = page.querySelector("form[data-editor]")?.getAttribute("data-csrf");
      if (!token) return false;
      this.#csrf = token;
      for (const field of document.querySelectorAll("input[name=csrf]")) field.setAttribute("value", token);
      return true;
    } catch {
      return false;
    }
  }
}

/** @param {{status:number}} reply @param {any} problem @returns {State} */
function stateOf(reply, problem) {
  if (reply.status === 401) return "session";
  if (reply.status === 404) return "gone";
  if (reply.status === 409) return "conflict";
  if ([400, 403, 413, 415, 422].includes(reply.status) && String(problem?.type).includes("docimo:problem")) return "refused";
  return "server";
}

/** @param {any} problem */
function whyOf(problem) {
  const first = problem?.errors?.[0];
  return first ? `${first.place} : ${first.message}` : String(problem?.detail ?? "");
}
