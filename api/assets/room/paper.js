// The sealed paper: downloaded ahead and checked, opened piece by piece as keys come, put together for the page.
import { ApiError } from "./api.js";
import { canOpen, hashOf, open, unzip } from "./sealed.js";
import { order } from "./order.js";
/** @import { Api } from "./api.js" */
/** @import { Vault } from "./vault.js" */
/** @import { BaseText, Case, FurtherText, Manifest, MediaText, OpenRoom, Part, Picture, Question, RoomData } from "./types.js" */

/** @typedef {{done:number, total:number, ready:boolean}} Progress bytes */

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15_000;

/** pixels that a picture may take on this screen, as in room.css */
const wanted = () => Math.min(0.92 * innerWidth, 46 * 16) * (devicePixelRatio || 1);
/** a screen on which originals are worth having ahead: not a telephone */
const wide = matchMedia("(min-width: 60.01em)");
/** @param {number|undefined} width of a piece; the original has none */
const pixels = (width) => width ?? Infinity;

export class Paper {
  #api; #vault;
  /** @type {Manifest|null} */
  #manifest = null;
  #hash = "";
  /** @type {Map<number, string>} */
  #keys = new Map();
  /** @type {BaseText|null} */
  #base = null;
  /** @type {Map<number, FurtherText>} by key */
  #further = new Map();
  /** @type {Map<number, string>} addresses of opened files, by piece */
  #urls = new Map();
  /** @type {Set<string>} hashes of what is here */
  #here = new Set();
  /** @type {Map<string, number[]>} */
  #orders = new Map();
  #address = "";
  #seed = "0";
  #downloading = false;
  #stopped = false;

  /** @param {Api} api @param {Vault} vault */
  constructor(api, vault) {
    this.#api = api;
    this.#vault = vault;
  }

  get opened() {
    return this.#base !== null;
  }

  /** Keys as they are kept. @returns {Record<string, string>} */
  get keys() {
    return Object.fromEntries(this.#keys);
  }

  /** Nothing of it stays on this machine, and nothing more comes. @param {string} attempt */
  async erase(attempt) {
    this.#stopped = true;
    const known = this.#manifest ? undefined : await this.#vault.piece(this.#hash);
    const manifest = known ? /** @type {Manifest} */ (JSON.parse(new TextDecoder().decode(known))) : this.#manifest;
    await this.#vault.erase(attempt, [this.#hash, ...(manifest?.pieces.map((piece) => piece.hash) ?? [])]);
  }

  /** @param {RoomData} data */
  set(data) {
    this.#address = data.paper.slice(0, data.paper.lastIndexOf("/") + 1);
    this.#hash = data.paper_hash;
    this.#seed = data.seed;
  }

  /** Bytes from this machine, or from the server: checked, and kept. @param {string} hash @returns {Promise<ArrayBuffer>} */
  async #bytes(hash) {
    const known = await this.#vault.piece(hash);
    if (known) {
      this.#here.add(hash);
      return known;
    }
    for (const cache of /** @type {const} */ (["default", "reload"])) {
      const bytes = await this.#api.piece(this.#address + hash, cache);
      if ((await hashOf(bytes)) !== hash) continue; // cut or spoilt on the way, or in the browser's cache
      if (!this.#stopped) await this.#vault.putPiece(hash, bytes);
      this.#here.add(hash);
      return bytes;
    }
    throw new ApiError("network");
  }

  async #load() {
    if (!canOpen()) throw new ApiError("unable");
    if (!this.#manifest) {
      const text = new TextDecoder().decode(await this.#bytes(this.#hash));
      this.#manifest = /** @type {Manifest} */ (JSON.parse(text));
    }
    return this.#manifest;
  }

  /** Pieces to have ahead: all but the widths that this screen does not use. @param {Manifest} manifest @returns {number[]} */
  #chosen(manifest) {
    /** @type {Map<number, number[]>} */
    const pictures = new Map();
    const chosen = new Set(manifest.pieces.keys());
    manifest.pieces.forEach(({ picture }, i) => {
      if (picture === undefined) return;
      pictures.set(picture, [...(pictures.get(picture) ?? []), i]);
      chosen.delete(i);
    });
    for (const sizes of pictures.values()) {
      const last = sizes.reduce((a, b) => (pixels(manifest.pieces[b].width) > pixels(manifest.pieces[a].width) ? b : a));
      chosen.add(this.#fit(manifest, sizes));
      if (wide.matches) chosen.add(last);
    }
    return [...chosen].sort((a, b) => a - b);
  }

  /** The smallest that is large enough. @param {Manifest} manifest @param {number[]} sizes not empty */
  #fit(manifest, sizes) {
    const sorted = [...sizes].sort((a, b) => pixels(manifest.pieces[a].width) - pixels(manifest.pieces[b].width));
    return sorted.find((i) => pixels(manifest.pieces[i].width) >= wanted()) ?? sorted[sorted.length - 1];
  }

  /**
   * Downloads what is not here yet, after a delay; goes on where it was, again and again, until all of it is here.
   * @param {number} delay_ms @param {(progress: Progress) => void} onProgress
   */
  async download(delay_ms, onProgress) {
    if (this.#downloading || !canOpen()) return;
    this.#downloading = true;
    this.#stopped = false;
    const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
    // what an earlier page brought is not waited for
    const known = (await this.#vault.piece(this.#hash)) !== undefined;
    if (!known) await pause(delay_ms);
    for (let failures = 0; !this.#stopped; ) {
      try {
        const manifest = await this.#load();
        const all = this.#chosen(manifest);
        const total = all.reduce((sum, i) => sum + manifest.pieces[i].size, 0);
        let done = 0;
        for (const i of all) {
          if (this.#stopped) break;
          await this.#bytes(manifest.pieces[i].hash);
          failures = 0;
          done += manifest.pieces[i].size;
          onProgress({ done, total, ready: false });
        }
        if (this.#stopped) break;
        await this.#openAll();
        onProgress({ done: total, total, ready: true });
        break;
      } catch {
        failures += 1;
        await pause(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures) * (0.5 + Math.random() / 2));
      }
    }
    this.#downloading = false;
  }

  /** Opens what these keys open, downloading the text at once if it is not here. @param {Record<string, string>} keys */
  async unlock(keys) {
    for (const [number, key] of Object.entries(keys)) this.#keys.set(Number(number), key);
    await this.#openAll();
  }

  /** Does the page hold the key of this part? @param {number|undefined} key */
  holds(key) {
    return key === undefined || this.#keys.has(key);
  }

  async #openAll() {
    if (this.#keys.size === 0) return;
    const manifest = await this.#load();
    await Promise.all([...this.#keys.keys()].map(async (key) => {
      const known = key === 0 ? this.#base : this.#further.get(key);
      const text = known ?? JSON.parse(new TextDecoder().decode(await this.#open(manifest, key)));
      await this.#openFiles(manifest, text.media);
      if (key === 0) this.#base = text;
      else this.#further.set(key, text);
    }));
  }

  /** @param {Manifest} manifest @param {number} i */
  async #open(manifest, i) {
    const piece = manifest.pieces[i];
    const place = `docimo paper 1\n${manifest.exam}\n${manifest.section}\n${i}`;
    const plain = await open(this.#keys.get(piece.key) ?? "", place, await this.#bytes(piece.hash));
    return piece.gzip ? unzip(plain) : plain;
  }

  /** Files that are here already; the others are shown from the server until they are. @param {Manifest} manifest @param {MediaText} media */
  async #openFiles(manifest, media) {
    await Promise.all(Object.values(media).map(async ({ piece, mime }) => {
      const { hash } = manifest.pieces[piece];
      if (this.#urls.has(piece) || !(this.#here.has(hash) || (await this.#vault.piece(hash)))) return;
      await this.#file(manifest, piece, mime);
    }));
  }

  /** @param {Manifest} manifest @param {number} piece @param {string} mime */
  async #file(manifest, piece, mime) {
    const known = this.#urls.get(piece);
    if (known) return known;
    const url = URL.createObjectURL(new Blob([await this.#open(manifest, piece)], { type: mime }));
    this.#urls.set(piece, url);
    return url;
  }

  // Putting together ----------------------------------------------------------------------

  /**
   * The room with its paper, as far as it may be shown: `locked` are the validated questions.
   * @param {RoomData} data @param {Set<string>} locked @returns {OpenRoom}
   */
  compose(data, locked) {
    /** @type {Record<string, Question>} */
    const questions = {};
    const base = this.#base;
    if (!base) return { ...data, elements: [], questions };
    for (const question of Object.values(base.questions)) questions[question.id] = this.#question(question, base);
    const elements = base.elements.map((element) => {
      if (element.type === "question") return element;
      const validated = element.parts.findIndex((part) => !locked.has(part.question));
      const shown = element.progressive && validated >= 0 ? validated + 1 : element.parts.length;
      const parts = element.parts.map((part, i) => {
        const further = part.key === undefined ? null : this.#further.get(part.key);
        if (i >= shown || further === undefined) return { ...part, status: /** @type {const} */ ("hidden") };
        if (further) questions[part.question] = this.#question(further.question, base, further.media);
        const status = locked.has(part.question) ? /** @type {const} */ ("locked") : /** @type {const} */ ("open");
        return { ...part, status, text_html: further ? further.text_html : part.text_html };
      });
      const article = element.article?.pdf ? { ...element.article, pdf: { ...element.article.pdf, url: this.#url(element.article.pdf.url, base.media) } } : element.article;
      return /** @type {Case} */ ({ ...element, parts, image: this.#picture(element.image, base.media), article });
    });
    return { ...data, elements, questions };
  }

  /** @param {Question} question @param {BaseText} base @param {MediaText} [more] @returns {Question} */
  #question(question, base, more = {}) {
    const media = { ...base.media, ...this.#shared(), ...more };
    const propositions = question.propositions ?? [];
    let places = this.#orders.get(question.id);
    if (!places) this.#orders.set(question.id, (places = base.shuffled ? order(this.#seed, question.id, propositions.length) : [...propositions.keys()]));
    const video = question.video ? { ...question.video, url: this.#url(question.video.url, media) } : question.video;
    return { ...question, propositions: places.map((i) => propositions[i]), image: this.#picture(question.image, media), video };
  }

  /** A file is given out once in a case: a later part may show that of an earlier one. @returns {MediaText} */
  #shared() {
    return Object.assign({}, ...[...this.#further.values()].map((further) => further.media));
  }

  /** @param {string} address @param {MediaText} media */
  #url(address, media) {
    return this.#urls.get(media[address]?.piece ?? -1) ?? address;
  }

  /** @param {Picture|null|undefined} picture @param {MediaText} media @returns {Picture|null|undefined} */
  #picture(picture, media) {
    const manifest = this.#manifest;
    if (!picture || !manifest) return picture;
    const original = media[picture.url];
    const sizes = Object.entries(media).filter(([address]) => address === picture.url || address.startsWith(`${picture.url}/`)).map(([, { piece }]) => piece);
    const here = sizes.filter((piece) => this.#urls.has(piece));
    if (here.length === 0) return picture;
    const url = this.#urls.get(this.#fit(manifest, here)) ?? picture.url;
    return { ...picture, url, srcset: undefined, original: original ? () => this.#file(manifest, original.piece, original.mime) : undefined };
  }
}
