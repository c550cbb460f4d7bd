// Safe Exam Browser lets pages read which configuration and which version it is: the server is told before the paper
// is asked for. Some of its versions put it in headers instead, which the server then has seen already.
/** @import { Api } from "./api.js" */

/** @typedef {{configKey?:string, browserExamKey?:string, updateKeys?:(done:() => void) => void}} Security */

const WAIT_MS = 5000;

/** Before it is ready, it says ":". @param {string|undefined} key */
const isSet = (key) => Boolean(key) && key !== ":";

/** @returns {Security|null} */
function security() {
  const own = /** @type {any} */ (globalThis).SafeExamBrowser?.security;
  return own && typeof own === "object" ? own : null;
}

/** @param {Security} own */
async function ready(own) {
  if (isSet(own.configKey) || isSet(own.browserExamKey) || typeof own.updateKeys !== "function") return;
  await new Promise((/** @type {(value?:unknown) => void} */ done) => {
    setTimeout(done, WAIT_MS); // it may never answer: the server then says what it makes of nothing
    own.updateKeys?.(done);
  });
}

/** Says which browser this is; silent where the exam asks for none, or where this is not Safe Exam Browser. @param {Api} api */
export async function presentBrowser(api) {
  if (document.body.dataset.browser === undefined) return;
  const own = security();
  if (!own) return;
  await ready(own);
  await api.browser({ url: location.href, config_key: own.configKey ?? "", browser_exam_key: own.browserExamKey ?? "" });
}
