import { signal } from "../signal.ts";

/** Whether the data of the page is up to date. */
export type Connection =
  | { readonly state: "connecting" }
  /** Connected again; missed events are arriving. */
  | { readonly state: "catching-up" }
  | { readonly state: "live" }
  /** Disconnected. The data was current at `since`, in milliseconds of the browser's clock. */
  | { readonly state: "stale"; readonly since: number };

/** The state of the page's streams, written by `follow` and shown by the connection pill. */
export const connection = signal<Connection>({ state: "connecting" });
