// Experts of a TCS listed one by one: their answers make the votes, which then are no longer typed.

/** @param {HTMLFormElement} form */
function count(form) {
  for (const list of form.querySelectorAll('[data-list$=".experts"]')) {
    const path = (list.getAttribute("data-list") ?? "").replace(/\.experts$/, "");
    const answers = [...list.querySelectorAll('select[name$=".answer:n"]')].map((s) => (s instanceof HTMLSelectElement ? Number(s.value) : 0));
    [-2, -1, 0, 1, 2].forEach((step, i) => {
      const votes = form.elements.namedItem(`${path}.panel.${i}:n`);
      if (!(votes instanceof HTMLInputElement)) return;
      votes.readOnly = answers.length > 0;
      if (votes.readOnly) votes.value = String(answers.filter((a) => a === step).length);
    });
  }
}

/** @param {HTMLFormElement} form */
export function watchExperts(form) {
  // Before what is kept is read: these listeners come first.
  form.addEventListener("input", () => count(form));
  form.addEventListener("change", () => count(form));
  form.addEventListener("docimo:item", () => count(form));
  count(form);
}
