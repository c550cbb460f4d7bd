// Opening what is sealed: AES-256-GCM and gzip, by the browser's own means.

const NONCE = 12;
const utf8 = new TextEncoder();

/** What this page needs of the browser; without it the paper cannot be opened here. */
export const canOpen = () => Boolean(globalThis.crypto?.subtle) && "DecompressionStream" in globalThis;

/** @param {string} text base64 @returns {Uint8Array<ArrayBuffer>} */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** @param {ArrayBuffer} bytes @returns {Promise<string>} SHA-256, hexadecimal */
export async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} secret base64 @param {"decrypt"|"encrypt"} use */
const keyOf = (secret, use) => crypto.subtle.importKey("raw", fromBase64(secret), "AES-GCM", false, [use]);

/** @param {string} secret base64 @param {string} place @param {ArrayBuffer} sealed nonce, then what is encrypted */
export async function open(secret, place, sealed) {
  const key = await keyOf(secret, "decrypt");
  const how = { name: "AES-GCM", iv: sealed.slice(0, NONCE), additionalData: utf8.encode(place) };
  return crypto.subtle.decrypt(how, key, sealed.slice(NONCE));
}

/** @param {string} secret base64 @param {string} place @param {string} text @returns {Promise<Uint8Array>} */
export async function seal(secret, place, text) {
  const key = await keyOf(secret, "encrypt");
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(place) }, key, utf8.encode(text));
  const out = new Uint8Array(NONCE + sealed.byteLength);
  out.set(iv);
  out.set(new Uint8Array(sealed), NONCE);
  return out;
}

/** @param {ArrayBuffer} bytes */
export const unzip = (bytes) => new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
