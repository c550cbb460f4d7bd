// Light, dark or automatic theme, remembered on this machine. Loaded in <head> without defer.
(() => {
  const NAMES = { auto: "automatique", light: "clair", dark: "sombre" };
  const ORDER = ["auto", "light", "dark"];
  const read = () => {
    try {
      const kept = localStorage.getItem("docimo-theme");
      return kept && ORDER.includes(kept) ? kept : "auto";
    } catch {
      return "auto";
    }
  };
  let theme = read();
  const apply = () => {
    if (theme === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme);
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.textContent = `Thème ${NAMES[/** @type {"auto"|"light"|"dark"} */ (theme)]}`;
      button.removeAttribute("hidden");
    }
  };
  apply();
  for (const name of ["DOMContentLoaded", "docimo:controls"]) document.addEventListener(name, apply);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-theme-toggle]")) return;
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    try {
      localStorage.setItem("docimo-theme", theme);
    } catch {
      /* private browsing: the choice lasts for this page */
    }
    apply();
  });
})();
