// Sets the theme before the first paint, so that a dark page is never light for a moment. It is a separate file,
// because the content security policy forbids inline scripts. `src/lib/theme.ts` changes the theme later.
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem("dispatch-theme");
  } catch {
    // If storage is forbidden, the theme of the system is used.
  }
  const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark", dark);
})();
