// Building elements without a framework.

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string|number|boolean|null|undefined|((event:any) => void)>} [attributes]  on… are listeners
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** HTML already sanitised by the server. @param {string|undefined} html @param {string} [className] */
export function prose(html, className = "prose") {
  const element = h("div", { class: className });
  element.innerHTML = html ?? "";
  return element;
}

/** @param {string} text @param {() => void} onclick @param {string} [variant] */
export function button(text, onclick, variant = "") {
  return h("button", { type: "button", class: `btn ${variant}`, onclick }, text);
}

/** @param {string} text */
export const hidden = (text) => h("span", { class: "visually-hidden" }, text);

/** @param {number} index 0 is A */
export const letter = (index) => String.fromCharCode(65 + index);

/** True where letters are text, not shortcuts. @param {EventTarget|null} target */
export function isTyping(target) {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
}

let dialogs = 0;

/**
 * A modal dialog, removed when closed; the focus goes back where it was.
 * @param {string} title
 * @param {(close: () => void) => (Node|null)[]} fill
 * @param {string} [className]
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, fill, className = "") {
  const before = document.activeElement;
  const id = `dialog-${++dialogs}`;
  const dialog = h("dialog", { class: `dialog ${className}`, "aria-labelledby": id }, h("h2", { id }, title));
  const close = () => dialog.close();
  for (const child of fill(close)) if (child) dialog.append(child);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Ask before something that cannot be undone.
 * @param {{title:string, lines:string[], ok:string, cancel:string}} words
 * @param {() => void} go
 */
export function ask(words, go) {
  openDialog(words.title, (close) => [
    ...words.lines.map((line) => h("p", {}, line)),
    h("div", { class: "btn-row" },
      button(words.cancel, close, "btn--quiet"),
      button(words.ok, () => { close(); go(); }, "btn--primary")),
  ]);
}

export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}
