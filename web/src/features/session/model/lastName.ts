import { BASE_PATH } from "@/lib/basePath.ts";

/** The key contains the base path, because another Dispatch on the same host may have other people. */
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
    // Without storage the name is not remembered.
  }
}
