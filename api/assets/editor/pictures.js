// Pictures: sent as soon as they are chosen, shown, taken away.
import { touched } from "./form.js";
import { M } from "./messages.js";
/** @import { Saver } from "./saver.js" */

/** @param {Element} box @param {string} name end of the name of a field */
const field = (box, name) => {
  const found = box.querySelector(`input[name="${box.getAttribute("data-picture")}.image.${name}"]`);
  return found instanceof HTMLInputElement ? found : null;
};

/** @param {Element} box @param {{file:string, url:string, width:number, height:number}|null} picture */
function show(box, picture) {
  for (const [name, value] of /** @type {[string, unknown][]} */ ([["file", picture?.file ?? ""], ["width:n", picture?.width ?? 0], ["height:n", picture?.height ?? 0]])) {
    const input = field(box, name);
    if (input) input.value = String(value);
  }
  const frame = box.querySelector("[data-drawing]");
  const image = frame?.querySelector("img");
  if (frame instanceof HTMLElement && image) {
    frame.hidden = picture === null;
    if (picture) {
      image.src = picture.url;
      image.width = picture.width;
      image.height = picture.height;
    } else image.removeAttribute("src");
  }
  const remove = box.querySelector("[data-picture-remove]");
  if (remove instanceof HTMLElement) remove.hidden = picture === null;
  const optional = box.querySelector(".optional");
  if (optional) optional.textContent = picture ? "" : "(aucune)";
  box.dispatchEvent(new CustomEvent("docimo:picture", { bubbles: true }));
  touched(box);
}

/** @param {HTMLFormElement} form @param {Saver} saver */
export function watchPictures(form, saver) {
  form.addEventListener("change", async (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "file" || !input.files?.[0]) return;
    const box = input.closest("[data-picture]");
    if (!box) return;
    const told = box.querySelector("[data-picture-error]");
    if (told) told.textContent = M.sendingPicture;
    const reply = await saver.picture(input.files[0]);
    if (told) told.textContent = reply.ok ? "" : reply.why || M.pictureFailed;
    if (!reply.ok) return;
    input.value = ""; // sent already: the form need not carry it
    show(box, reply.body);
    field(box, "alt")?.focus();
  });
  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-picture-remove]") : null;
    const box = button?.closest("[data-picture]");
    if (!box) return;
    event.preventDefault();
    show(box, null);
    const file = box.querySelector("input[type=file]");
    if (file instanceof HTMLElement) file.focus();
  });
}
