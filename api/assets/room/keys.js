// Keyboard shortcuts. Those of a single letter can be switched off (WCAG 2.1.4).
import { h, openDialog, button, isTyping } from "./dom.js";
import { M } from "./messages.js";
import { pressLetter } from "./choices.js";

let letters = true;
try {
  letters = localStorage.getItem("docimo-letters") !== "off";
} catch { /* on */ }

/** @param {{next: () => void, previous: () => void, flag: () => void, place: () => ParentNode|null}} on */
export function listenKeys(on) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) return;
    if (event.altKey && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      event.preventDefault(); // the browser would leave the page
      if (event.key === "ArrowRight") on.next();
      else on.previous();
      return;
    }
    if (event.altKey || event.repeat || isTyping(event.target)) return;
    if (event.key === "?") {
      showShortcuts();
      return;
    }
    const place = on.place();
    if (!letters || !place || !/^[a-z]$/i.test(event.key)) return;
    const key = event.key.toLowerCase();
    if (pressLetter(place, key)) event.preventDefault();
    else if (key === "n") on.next();
    else if (key === "p") on.previous();
    else if (key === "r") on.flag();
  });
}

export function showShortcuts() {
  openDialog(M.shortcuts, (close) => [
    h("dl", { class: "shortcuts" }, ...M.shortcutList.map(([keys, text]) =>
      h("div", {}, h("dt", {}, ...keys.flatMap((key, i) => [i > 0 ? " " : "", h("kbd", {}, key)])), h("dd", {}, text)))),
    h("p", { class: "hint" }, M.shortcutNote),
    h("label", { class: "choice" }, h("input", {
      type: "checkbox", checked: letters,
      onchange: (/** @type {{target: HTMLInputElement}} */ event) => {
        letters = event.target.checked;
        try {
          localStorage.setItem("docimo-letters", letters ? "on" : "off");
        } catch { /* this page only */ }
      },
    }), h("span", {}, M.shortcutsOn)),
    h("div", { class: "btn-row" }, button(M.close, close)),
  ]);
}
