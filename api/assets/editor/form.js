// From the fields of the form to a question or case, by the rules of api/src/web/bank/editor/form.rs: a field is
// named by the path of its value, with how it is written after a colon.

/** @typedef {{[name: string]: any}} Tree */

/** @param {string} text as people write it */
const fraction = (text) => {
  const plain = text.trim().replace(",", ".");
  const moved = Number(`${plain}e-2`); // the decimals move: nothing is rounded
  return plain === "" || Number.isNaN(Number(plain)) || !Number.isFinite(moved) ? text : moved;
};

/** Corners written "12,5 30 ; 40 20". @param {string} text */
const corners = (text) => text.split(/[;\n]/).map((pair) => pair.trim().split(/\s+/).filter(Boolean).map(fraction))
  .filter((pair) => pair.length > 0).map((pair) => [pair[0], pair[1] ?? 0]);

/** @param {string} text @param {string} how @returns {unknown} undefined: there is no value */
function valueOf(text, how) {
  switch (how) {
    case "n": return text.trim();
    case "pc": return fraction(text);
    case "lines": return text.split("\n").map((l) => l.trim()).filter(Boolean);
    case "words": return text.split(/[ \n\r\t,;]/).filter(Boolean);
    case "corners": return corners(text);
    case "opt": return text.trim() || undefined;
    default: return text;
  }
}

/** @param {Tree} root @param {string} path @param {unknown} value */
function put(root, path, value) {
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  let at = root;
  for (const step of steps) at = at[step] ??= {};
  at[last] = value;
}

/** Objects whose names are all numbers are lists. @param {any} value @returns {any} */
function lists(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const names = Object.keys(value);
  if (names.length > 0 && names.every((n) => /^\d+$/.test(n))) {
    return names.sort((a, b) => Number(a) - Number(b)).map((n) => lists(value[n]));
  }
  for (const n of names) value[n] = lists(value[n]);
  return value;
}

/** @param {HTMLFormElement} form @returns {Tree} */
export function readElement(form) {
  /** @type {Tree} */
  const root = {};
  for (const [name, text] of new FormData(form)) {
    if (typeof text !== "string" || !(name.startsWith("question.") || name.startsWith("case."))) continue;
    const [path, how = ""] = name.split(":");
    const value = valueOf(text, how);
    if (value !== undefined) put(root, path, value);
  }
  return lists(root);
}

/** Tells the page that a field changed under a script's hand. @param {Element} field */
export const touched = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

/** @param {string} prefix */
export function freshId(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return `${prefix}-${[...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
}
