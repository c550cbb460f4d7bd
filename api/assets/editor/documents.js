// Videos and articles as PDF: sent as soon as they are chosen, with how far they are; linked, taken away.
import { touched } from "./form.js";
import { M } from "./messages.js";
/** @import { Saver } from "./saver.js" */

/** @param {Element} box @param {string} name end of the name of a field */
const field = (box, name) => {
  const found = box.querySelector(`[name="${box.getAttribute("data-document")}.${name}"]`);
  return found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement ? found : null;
};

/** @param {Element} box @param {{file:string, url:string, pages:number}|null} kept */
function show(box, kept) {
  const [file, pages] = [field(box, "file"), field(box, "pages:n")];
  if (file) file.value = kept?.file ?? "";
  if (pages) pages.value = String(kept?.pages ?? 0);
  for (const name of ["[data-document-shown]", "[data-document-remove]"]) {
    const part = box.querySelector(name);
    if (part instanceof HTMLElement) part.hidden = kept === null;
  }
  const link = box.querySelector("[data-document-shown] a");
  if (link instanceof HTMLAnchorElement) link.href = kept?.url ?? "";
  const optional = box.querySelector(".optional");
  if (optional) optional.textContent = kept ? "" : M.noDocument(box.getAttribute("data-file-kind") ?? "");
  touched(box);
}

/** @param {HTMLFormElement} form @param {Saver} saver */
export function watchDocuments(form, saver) {
  form.addEventListener("change", async (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "file" || !input.files?.[0]) return;
    const box = input.closest("[data-document]");
    if (!box) return;
    const told = box.querySelector("[data-document-error]");
    const bar = box.querySelector("[data-document-progress]");
    if (told) told.textContent = M.sendingDocument;
    const far = (/** @type {number} */ part) => {
      if (!(bar instanceof HTMLProgressElement)) return;
      bar.hidden = false;
      bar.value = Math.round(part * 100);
    };
    far(0);
    input.disabled = true; // one at a time
    const reply = await saver.document(input.files[0], box.getAttribute("data-file-kind") ?? "", far);
    input.disabled = false;
    if (bar instanceof HTMLElement) bar.hidden = true;
    input.value = ""; // sent, or refused: the form need not carry it
    if (told) told.textContent = reply.ok ? "" : reply.why || M.documentFailed;
    if (!reply.ok) return input.focus();
    show(box, reply.body);
    field(box, "description")?.focus();
  });
  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-document-remove]") : null;
    const box = button?.closest("[data-document]");
    if (!box) return;
    event.preventDefault();
    show(box, null);
    const file = box.querySelector("input[type=file]");
    if (file instanceof HTMLElement) file.focus();
  });
}
