// What is found follows the line as it is typed. Without this file the form is sent as any other.

const PAUSE_MS = 160;

/** @param {HTMLFormElement} form @param {HTMLElement} zone */
const follow = (form, zone) => {
  const line = form.elements.namedItem("q");
  const order = form.elements.namedItem("tri");
  if (!(line instanceof HTMLInputElement)) return;
  let asked = 0;
  let timer = 0;
  /** @type {AbortController | undefined} */
  let under_way;

  /** @param {string} html */
  const show = (html) => {
    const open = new Map([...zone.querySelectorAll("details[id]")].map((d) => [d.id, d.hasAttribute("open")]));
    const ticked = new Set([...zone.querySelectorAll("input[name=entry]:checked")].map((box) => box.id));
    const page = new DOMParser().parseFromString(html, "text/html");
    zone.replaceChildren(...[...page.body.childNodes].map((node) => document.adoptNode(node)));
    for (const [id, is_open] of open) document.getElementById(id)?.toggleAttribute("open", is_open);
    for (const id of ticked) {
      const box = document.getElementById(id);
      if (box instanceof HTMLInputElement) box.checked = true;
    }
    const canonical = document.querySelector("input[data-canonical]");
    if (canonical instanceof HTMLInputElement) canonical.value = line.value;
    for (const link of document.querySelectorAll("a[data-carries-line]")) {
      if (link instanceof HTMLAnchorElement) link.search = new URLSearchParams({ q: line.value }).toString();
    }
    line.toggleAttribute("aria-invalid", zone.querySelector("#faute") !== null);
  };

  const ask = async () => {
    const mine = ++asked;
    under_way?.abort();
    under_way = new AbortController();
    const words = new URLSearchParams({ q: line.value });
    if (order instanceof HTMLSelectElement && order.value) words.set("tri", order.value);
    const address = `${location.pathname}?${words}`;
    try {
      const reply = await fetch(`${address}&partiel=1`, { credentials: "same-origin", signal: under_way.signal });
      if (!reply.ok || mine !== asked) return;
      show(await reply.text());
      history.replaceState(null, "", address);
    } catch {
      // Left as it was: the button still sends the form.
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE_MS);
  };
  line.addEventListener("input", soon);
  if (order instanceof HTMLElement) order.addEventListener("change", soon);
};

const form = document.querySelector("form[data-search]");
const zone = document.querySelector("[data-found]");
if (form instanceof HTMLFormElement && zone instanceof HTMLElement) follow(form, zone);
