import { BASE_PATH } from "./basePath.ts";
import { signal } from "./signal.ts";

/** Another Dispatch of the same host, below another path, has reminders of its own. */
const KEY = `dispatch-dismissed${BASE_PATH}`;

function stored(): readonly string[] {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/** Names of repositories that this browser is not to be reminded of. */
export const dismissed = signal<readonly string[]>(stored());

/** Dismisses the reminder of a repository, in all windows of this browser. */
export const dismiss = (name: string): void => keep([...dismissed.get(), name]);

/** Forgets which of these are dismissed: if they are removed again later, the reminder returns. */
export function recall(isOver: (name: string) => boolean): void {
  const rest = dismissed.get().filter((name) => !isOver(name));
  if (rest.length < dismissed.get().length) keep(rest);
}

function keep(names: readonly string[]): void {
  dismissed.set(names);
  try {
    localStorage.setItem(KEY, JSON.stringify(names));
  } catch {
    // Without storage it holds until the page is closed.
  }
}

window.addEventListener("storage", (event) => {
  if (event.key === KEY) dismissed.set(stored());
});
