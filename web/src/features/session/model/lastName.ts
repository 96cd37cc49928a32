import { BASE_PATH } from "@/lib/basePath.ts";

/** Another Dispatch of the same host, below another path, may know its people by other names. */
const KEY = `dispatch-name${BASE_PATH}`;

/** The name of the last sign-in in this browser; empty when there was none. */
export function lastName(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function keepName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Without storage the person types it again.
  }
}
