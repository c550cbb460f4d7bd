// A request is followed as it goes on; a proposal is decided on with single keys. Both pages work without this file.

const PAUSE_MS = 1500;
const KEPT = "docimo-review-keys";

const zone = document.querySelector("[data-follow]");
if (zone instanceof HTMLElement && zone.dataset.going !== undefined) {
  const look = async () => {
    try {
      const reply = await fetch(zone.dataset.follow ?? "", { credentials: "same-origin" });
      if (reply.ok) {
        const page = new DOMParser().parseFromString(await reply.text(), "text/html");
        const now = page.body.textContent?.trim();
        // Nothing moves under a finger or a screen reader while nothing is new.
        if (now !== zone.textContent?.trim()) zone.replaceChildren(...[...page.body.childNodes].map((n) => document.adoptNode(n)));
        if (!zone.querySelector("[data-going]")) return;
      }
    } catch {
      // No network: asked again, and a link in the page does the same.
    }
    window.setTimeout(look, PAUSE_MS);
  };
  window.setTimeout(look, PAUSE_MS);
}

const read = () => {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
};

const form = document.querySelector("form[data-decide]");
const toggle = document.querySelector("button[data-keys]");
let single = read();
if (toggle instanceof HTMLButtonElement) {
  toggle.hidden = false;
  const show = () => {
    toggle.textContent = single ? "Désactiver les raccourcis d’une touche" : "Activer les raccourcis d’une touche";
  };
  show();
  toggle.addEventListener("click", () => {
    single = !single;
    show();
    try {
      localStorage.setItem(KEPT, single ? "on" : "off");
    } catch {
      // For this page only, then.
    }
  });
}

document.addEventListener("keydown", (event) => {
  if (!single || event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  const at = event.target;
  if (at instanceof HTMLElement && at.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((e) => e instanceof HTMLElement && e.dataset.key === event.key.toLowerCase());
  if (!(wanted instanceof HTMLElement) || (!form && wanted.tagName !== "A")) return;
  event.preventDefault();
  if (wanted instanceof HTMLSelectElement || wanted instanceof HTMLTextAreaElement) wanted.focus();
  else wanted.click();
});

export {};
