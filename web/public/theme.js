// Runs before the first paint, so that a dark page never flashes light. Kept as a file of its own because the
// content security policy allows no inline script. `src/lib/theme.ts` changes the theme later on.
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem("dispatch-theme");
  } catch {
    // Storage may be forbidden; the system's choice then holds.
  }
  const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark", dark);
})();
