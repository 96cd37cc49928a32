import { BASE_PATH } from "./basePath.ts";
import { signal } from "./signal.ts";

/** The key contains the base path, because another Dispatch on the same host has its own reminders. */
const KEY = `dispatch-dismissed${BASE_PATH}`;

function stored(): readonly string[] {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/** The repositories whose reminder is dismissed in this browser. */
export const dismissed = signal<readonly string[]>(stored());

/** Dismisses the reminder of a repository, in all windows of this browser. */
export const dismiss = (name: string): void => keep([...dismissed.get(), name]);

/** Forgets that reminders were dismissed, so that they return if the repositories are removed again. */
export function recall(isOver: (name: string) => boolean): void {
  const rest = dismissed.get().filter((name) => !isOver(name));
  if (rest.length < dismissed.get().length) keep(rest);
}

function keep(names: readonly string[]): void {
  dismissed.set(names);
  try {
    localStorage.setItem(KEY, JSON.stringify(names));
  } catch {
    // Without storage it is kept until the page is closed.
  }
}

window.addEventListener("storage", (event) => {
  if (event.key === KEY) dismissed.set(stored());
});
