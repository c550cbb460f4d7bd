// Small comforts for ordinary pages. Every page works without this file.
(() => {
  /** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
  const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter((e) => e instanceof HTMLElement);
  /** @param {string} tag @param {string} className @param {string} text */
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.textContent = text;
    return element;
  };

  // Confirmation -----------------------------------------------------------------------------
  /** @param {HTMLElement} source @param {() => void} go */
  const confirmThen = (source, go) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    const title = make("h2", "", source.dataset.confirm || "Confirmer ?");
    title.id = "confirm-title";
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.append(title);
    if (source.dataset.confirmDetail) dialog.append(make("p", "", source.dataset.confirmDetail));
    const row = make("div", "btn-row", "");
    const cancel = make("button", "btn btn--quiet", "Annuler");
    const danger = source.dataset.confirmDanger !== undefined;
    const ok = make("button", danger ? "btn btn--danger" : "btn btn--primary", source.dataset.confirmOk || "Confirmer");
    row.append(cancel, ok);
    dialog.append(row);
    cancel.addEventListener("click", () => dialog.close());
    ok.addEventListener("click", () => {
      dialog.close();
      go();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      source.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  };
  /** @type {WeakSet<HTMLElement>} */
  const confirmed = new WeakSet();
  document.addEventListener("click", (event) => {
    const source = event.target instanceof Element ? event.target.closest("a[data-confirm], button[data-confirm], input[data-confirm]") : null;
    if (!(source instanceof HTMLElement) || confirmed.has(source)) return;
    event.preventDefault();
    confirmThen(source, () => {
      confirmed.add(source);
      source.click();
      confirmed.delete(source);
    });
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.confirm === undefined || confirmed.has(form)) return;
    event.preventDefault();
    const submitter = event.submitter;
    confirmThen(form, () => {
      confirmed.add(form);
      form.requestSubmit(submitter instanceof HTMLElement ? submitter : undefined);
      confirmed.delete(form);
    });
  });

  // Dialogs, menus, copy, print --------------------------------------------------------------
  const closeMenus = (/** @type {Node | null} */ except) => {
    for (const menu of all("details.menu[open]")) if (!except || !menu.contains(except)) menu.removeAttribute("open");
  };
  document.addEventListener("click", async (event) => {
    const target = event.target instanceof Element ? event.target : null;
    closeMenus(target);
    if (!target) return;
    const opener = target.closest("[data-dialog]");
    if (opener instanceof HTMLElement) {
      const dialog = document.getElementById(opener.dataset.dialog || "");
      if (dialog instanceof HTMLDialogElement) dialog.showModal();
    }
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    if (target.closest("[data-print]")) {
      event.preventDefault();
      window.print();
    }
    const copy = target.closest("[data-copy]");
    if (copy instanceof HTMLElement) {
      const text = document.querySelector(copy.dataset.copy || "")?.textContent?.trim() ?? "";
      const label = copy.textContent;
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = "Copié";
      } catch {
        copy.textContent = "Copie impossible";
      }
      setTimeout(() => (copy.textContent = label), 2000);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.menu[open]");
    if (open?.contains(document.activeElement)) open.querySelector("summary")?.focus();
    closeMenus(null);
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field instanceof HTMLSelectElement && field.dataset.autosubmit !== undefined) field.form?.requestSubmit();
  });

  // A form whose effect is shown as one fills it ----------------------------------------------
  for (const form of all("form[data-live]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    const target = document.querySelector(form.dataset.live || "");
    /** @type {AbortController | null} */
    let running = null;
    form.addEventListener("change", async (event) => {
      if (!(event.target instanceof HTMLSelectElement)) return;
      running?.abort();
      running = new AbortController();
      const query = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string" && value !== "" && name !== "csrf") query.append(name, value);
      const address = `${form.dataset.liveAddress}?${query}`;
      try {
        const answer = await fetch(`${address}&fragment=1`, { signal: running.signal });
        if (!answer.ok || answer.redirected || !target) return form.requestSubmit();
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        target.replaceChildren(...page.body.childNodes);
        // A region that is replaced is not read out: what it says goes to one that stays.
        const status = document.querySelector(form.dataset.liveStatus || "");
        if (status) status.textContent = target.querySelector("[data-live-says]")?.textContent ?? "";
        history.replaceState(null, "", address);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "AbortError")) form.requestSubmit();
      }
    });
  }
  // A form that carries what is chosen in another.
  for (const form of all("form[data-copy-fields]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    form.addEventListener("formdata", (event) => {
      const other = document.querySelector(form.dataset.copyFields || "");
      if (!(other instanceof HTMLFormElement)) return;
      for (const name of [...event.formData.keys()]) if (name.startsWith("d.")) event.formData.delete(name);
      for (const [name, value] of new FormData(other)) if (name.startsWith("d.") && value !== "") event.formData.append(name, value);
    });
  }
  // Long work: how far it is, until its page can be shown.
  for (const box of all("[data-poll]")) {
    const bar = box.querySelector("progress");
    const stage = box.querySelector("[data-poll-stage]");
    const value = box.querySelector("[data-poll-value]");
    const look = async () => {
      try {
        const answer = await fetch(box.dataset.poll || "");
        if (answer.redirected) return location.reload();
        if (answer.ok) {
          const now = await answer.json();
          if (now.state !== "working") return location.reload();
          if (bar) bar.value = now.percent;
          if (value) value.textContent = `${now.percent}\u202f%`;
          if (stage && stage.textContent !== now.stage) stage.textContent = now.stage;
        }
      } catch {
        // The network will come back; the link on the page works too.
      }
      setTimeout(look, 1000);
    };
    setTimeout(look, 700);
  }

  // Sorting ----------------------------------------------------------------------------------
  const collator = new Intl.Collator("fr", { numeric: true, sensitivity: "base" });
  /** @param {Element | undefined} cell @returns {string} */
  const valueOf = (cell) => (cell instanceof HTMLElement ? cell.dataset.value ?? cell.textContent ?? "" : "").trim();
  /** @param {string} text */
  const toNumber = (text) => Number.parseFloat(text.replace(/[\s\u00a0\u202f%]/g, "").replace("\u2212", "-").replace(",", "."));
  /** @param {HTMLTableElement} table @param {number} column @param {boolean} numeric @param {1 | -1} way */
  const sortRows = (table, column, numeric, way) => {
    for (const body of table.tBodies) {
      const rows = [...body.rows].map((row) => ({ row, key: valueOf(row.cells[column]) }));
      rows.sort((a, b) => {
        if (!numeric) return way * collator.compare(a.key, b.key);
        const x = toNumber(a.key);
        const y = toNumber(b.key);
        if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
        return way * (x - y);
      });
      body.append(...rows.map((r) => r.row));
    }
  };
  /** @param {ParentNode} root */
  const makeSortable = (root) => {
    for (const table of all("table[data-sortable]", root)) {
      if (!(table instanceof HTMLTableElement)) continue;
      [...(table.tHead?.rows[0]?.cells ?? [])].forEach((head, column) => {
        if (head.dataset.sort === "none" || head.querySelector(".sort") || !head.textContent?.trim()) return;
        const button = make("button", "sort", "");
        button.setAttribute("type", "button");
        button.append(...head.childNodes);
        head.append(button);
        const numeric = head.dataset.sort ? head.dataset.sort === "num" : head.classList.contains("num");
        button.addEventListener("click", () => {
          const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
          for (const other of table.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
          sortRows(table, column, numeric, way);
        });
      });
    }
  };

  // Filter -----------------------------------------------------------------------------------
  const plain = (/** @type {string} */ text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  /** @param {HTMLInputElement} input */
  const applyFilter = (input) => {
    const target = document.querySelector(input.dataset.filter || "");
    if (!target) return;
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    const rows = target instanceof HTMLTableElement ? [...target.tBodies].flatMap((b) => [...b.rows]) : [...target.children];
    let shown = 0;
    for (const row of rows) {
      if (!(row instanceof HTMLElement)) continue;
      const text = plain(row.textContent ?? "");
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    const counter = input.dataset.filterCount ? document.querySelector(input.dataset.filterCount) : null;
    if (counter) counter.textContent = `${shown.toLocaleString("fr-FR")} sur ${rows.length.toLocaleString("fr-FR")}`;
  };
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.dataset.filter) applyFilter(event.target);
  });

  // Refresh of a fragment --------------------------------------------------------------------
  /** @param {HTMLElement} first */
  const keepFresh = (first) => {
    const id = first.id;
    const every_ms = Math.max(2, Number(first.dataset.every) || 10) * 1000;
    let failures = 0;
    const again = () => setTimeout(tick, Math.min(60_000, every_ms * 2 ** failures));
    const tick = async () => {
      const old = document.getElementById(id);
      if (!old?.dataset.refresh) return;
      if (document.hidden || (old.contains(document.activeElement) && document.activeElement !== old)) return void again();
      try {
        const reply = await fetch(old.dataset.refresh, { headers: { accept: "text/html" }, credentials: "same-origin" });
        if (!reply.ok) throw new Error(String(reply.status));
        const page = new DOMParser().parseFromString(await reply.text(), "text/html");
        const fresh = page.getElementById(id);
        if (fresh) {
          old.replaceWith(document.adoptNode(fresh));
          enhance(fresh);
          for (const input of all("input[data-filter]")) if (input instanceof HTMLInputElement && input.value) applyFilter(input);
        } else old.removeAttribute("data-refresh");
        failures = 0;
      } catch {
        failures = Math.min(4, failures + 1);
      }
      again();
    };
    again();
  };

  /** @param {ParentNode} root */
  const enhance = (root) => makeSortable(root);
  enhance(document);
  for (const zone of all("[data-refresh][id]")) keepFresh(zone);
  for (const input of all("input[data-filter]")) if (input instanceof HTMLInputElement) applyFilter(input);
})();
