import { signal } from "./signal.ts";

/** Read before the first paint by `public/theme.js`, which names the same key. */
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

/** Shows a theme and remembers it as this person's choice. */
export function chooseTheme(next: Theme): void {
  show(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice holds until the page is closed.
  }
}

const stored = (): string | null => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
};

// Follow the system until a theme is chosen, and follow a choice made in another window.
system.addEventListener("change", (event) => {
  if (stored() === null) show(event.matches ? "dark" : "light");
});
window.addEventListener("storage", (event) => {
  if (event.key === KEY && (event.newValue === "dark" || event.newValue === "light")) {
    show(event.newValue);
  }
});
