import { signal } from "../signal.ts";

/** How near the page is to the present. */
export type Connection =
  | { readonly state: "connecting" }
  /** Connected again; what was missed is streaming in. */
  | { readonly state: "catching-up" }
  | { readonly state: "live" }
  /** The data was current at `since` (milliseconds of the browser's clock) and may be outdated. */
  | { readonly state: "stale"; readonly since: number };

/** The state of the page's streams, written by `follow` and shown by the connection pill. */
export const connection = signal<Connection>({ state: "connecting" });
