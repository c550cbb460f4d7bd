// The authoring page, made live: what is typed is kept by itself, seen as a student sees it, and advised on. The same
// form works without this file.
import { h, button, openDialog } from "../room/dom.js";
import { watchDocuments } from "./documents.js";
import { Drawing } from "./drawing.js";
import { watchExperts } from "./experts.js";
import { readElement } from "./form.js";
import { Lists } from "./lists.js";
import { M } from "./messages.js";
import { watchPictures } from "./pictures.js";
import { Local, Saver } from "./saver.js";
import { addSearch, addSuggestions, showLabels } from "./tags.js";
import { addBars, pressKey } from "./text.js";
/** @import { Kept, Reply, State } from "./saver.js" */

/** @param {HTMLFormElement} form */
function start(form) {
  const id = form.dataset.editor ?? "";
  const hidden = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const stateLine = /** @type {HTMLElement} */ (form.querySelector("[data-state]"));
  const live = /** @type {HTMLElement} */ (form.querySelector("[data-say]"));
  const panes = /** @type {HTMLElement} */ (document.querySelector("[data-panes]"));
  const say = (/** @type {string} */ words) => { live.textContent = words; };

  const read = () => {
    const folder = form.elements.namedItem("dossier");
    return { element: readElement(form), folder: folder instanceof HTMLSelectElement ? folder.value : null };
  };

  // State -----------------------------------------------------------------------------------
  /** @param {State} state @param {string} why */
  const onState = (state, why) => {
    const words = state === "saved" ? M.saved(new Date(saver.seen)) : state === "refused" ? M.refused(why) : M[state];
    // Said once: a try that fails again has nothing new to say.
    if (stateLine.dataset.state === state && stateLine.firstChild?.textContent === words) return;
    stateLine.dataset.state = state;
    stateLine.setAttribute("role", ["saved", "typing", "sending"].includes(state) ? "none" : "alert");
    stateLine.replaceChildren(words);
    if (state === "conflict") {
      stateLine.append(" ", button(M.mine, () => void saver.overwrite(), "btn--small"), " ", button(M.theirs, () => {
        local.forget();
        leave();
        location.reload();
      }, "btn--small btn--quiet"));
    }
  };

  // Preview and advice ----------------------------------------------------------------------
  /** @param {Element|null} place @param {string} html made and sanitised by the server */
  const replace = (place, html) => {
    if (!place || place.contains(document.activeElement)) return;
    place.innerHTML = html;
  };
  let told = "";
  /** @param {Reply} reply */
  const onReply = (reply) => {
    hidden("vu").value = String(reply.seen);
    replace(document.querySelector("[data-preview=student]"), reply.student_html);
    replace(document.querySelector("[data-preview=correction]"), reply.correction_html);
    replace(panes, reply.panes_html);
    addSuggestions(panes, form);
    showLabels(form, reply.advice.tags);
    for (const [path, credits] of Object.entries(reply.advice.credits)) {
      form.querySelectorAll(`[data-credits="${path}"] [data-credit]`).forEach((cell, i) => (cell.textContent = credits[i]));
    }
    const words = [...panes.querySelectorAll("[data-says]")].map((e) => e.getAttribute("data-says")).filter(Boolean).join(" ");
    if (words !== told) say(words);
    told = words;
    if (reply.overtaken_by && !document.querySelector("#conflit, #paru")) {
      form.before(h("div", { class: "alert alert--warning", id: "paru", role: "alert" }, h("p", {}, M.overtaken(reply.overtaken_by), " ",
        button(M.compare, async () => {
          if (await saver.flush()) location.reload();
        }, "btn--small"))));
    }
  };

  const local = new Local(id);
  const draft = { id, csrf: form.dataset.csrf ?? "", page: hidden("page").value, seen: Number(hidden("vu").value) };
  const saver = new Saver(draft, local, { read, onState, onReply });
  const lists = new Lists(form, say);

  // What is new on the page gets its tools.
  /** @type {WeakSet<Element>} */
  const drawings = new WeakSet();
  const equip = () => {
    addBars(form);
    addSearch(form, saver);
    for (const question of form.querySelectorAll('[data-kind="QZP"]')) {
      if (!(question instanceof HTMLElement) || drawings.has(question)) continue;
      drawings.add(question);
      new Drawing(question, lists, say);
    }
  };
  for (const element of document.querySelectorAll("[data-with-script]")) if (element instanceof HTMLElement) element.hidden = false;
  equip();
  addSuggestions(panes, form);
  watchPictures(form, saver);
  watchDocuments(form, saver);
  watchExperts(form);
  form.addEventListener("docimo:item", equip);

  // Typing ----------------------------------------------------------------------------------
  let before = JSON.stringify(read());
  const changed = () => {
    const now = JSON.stringify(read());
    if (now === before) return;
    before = now;
    saver.changed();
  };
  form.addEventListener("input", (event) => {
    const field = event.target;
    if (field instanceof HTMLTextAreaElement && field.name.endsWith(".question.stem")) {
      const title = field.closest(".part")?.querySelector("[data-part-title]");
      if (title) title.textContent = field.value.slice(0, 70);
    }
    changed();
  });
  form.addEventListener("change", changed);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
      event.preventDefault();
      void saver.flush().then((kept) => kept && onState("saved", ""));
    } else pressKey(event);
  });

  // Going to a field from what is said of it ------------------------------------------------
  const goTo = (/** @type {string} */ anchor) => {
    const target = document.getElementById(anchor);
    if (!(target instanceof HTMLElement)) return false;
    for (let at = target.closest("details"); at; at = at.parentElement?.closest("details") ?? null) at.open = true;
    target.focus();
    target.scrollIntoView({ block: "center" });
    return true;
  };
  panes.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    if (link && goTo(link.getAttribute("href")?.slice(1) ?? "")) event.preventDefault();
  });
  if (location.hash) goTo(decodeURIComponent(location.hash.slice(1)));

  // Leaving ---------------------------------------------------------------------------------
  let leaving = false;
  const leave = () => { leaving = true; };
  addEventListener("beforeunload", (event) => {
    if (!leaving && !saver.clean) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (leaving) return;
    event.preventDefault();
    const by = event.submitter instanceof HTMLElement ? event.submitter : undefined;
    void saver.flush().then((kept) => {
      if (!kept) return say(M.notLeft);
      if (by instanceof HTMLButtonElement && by.value === "enregistrer") return onState("saved", "");
      leave();
      hidden("vu").value = String(saver.seen);
      // Once this submission is over: a form that is being submitted takes no other.
      setTimeout(() => form.requestSubmit(by));
    });
  });
  document.querySelector(".editor__abandon")?.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    local.forget();
    leave();
  });

  // A text of this machine that the server never acknowledged --------------------------------
  const waiting = local.read();
  if (waiting && JSON.stringify(waiting.element) !== JSON.stringify(read().element)) void recover(waiting);
  else local.forget();

  /** @param {Kept} kept */
  async function recover(kept) {
    const again = () => {
      local.forget();
      leave();
      location.reload();
    };
    const reply = await saver.recover(kept, false);
    if (reply.ok) return again();
    if (reply.state !== "conflict") return onState(reply.state, reply.why);
    openDialog(M.foundTitle, (close) => [h("p", {}, M.foundText), h("div", { class: "btn-row" },
      button(M.foundTheirs, () => {
        local.forget();
        close();
      }, "btn--quiet"),
      button(M.foundMine, async () => {
        const done = await saver.recover(kept, true);
        if (done.ok) again();
        else onState(done.state, done.why);
        close();
      }, "btn--primary"))]);
  }
}

const form = document.querySelector("form[data-editor]");
if (form instanceof HTMLFormElement) start(form);
