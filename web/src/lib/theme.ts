import { signal } from "./signal.ts";

/** The key in the storage of the browser. `public/theme.js` reads it before the first paint. */
const KEY = "dispatch-theme";

export type Theme = "light" | "dark";

const shown = (): Theme => (document.documentElement.classList.contains("dark") ? "dark" : "light");

const system = window.matchMedia("(prefers-color-scheme: dark)");

/** The theme that is shown. */
export const theme = signal<Theme>(shown());

function show(next: Theme): void {
  document.documentElement.classList.toggle("dark", next === "dark");
  theme.set(next);
}

/** Shows a theme and stores it as the choice in this browser. */
export function chooseTheme(next: Theme): void {
  show(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice is kept until the page is closed.
  }
}

const stored = (): string | null => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
};

// Follows the system until a theme is chosen, and a choice in another window.
system.addEventListener("change", (event) => {
  if (stored() === null) show(event.matches ? "dark" : "light");
});
window.addEventListener("storage", (event) => {
  if (event.key === KEY && (event.newValue === "dark" || event.newValue === "light")) {
    show(event.newValue);
  }
});
