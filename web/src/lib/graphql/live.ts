import type { TadaDocumentNode } from "gql.tada";
import { createClient, type Client } from "graphql-ws";
import { underBase } from "../basePath.ts";
import { connection } from "./connection.ts";
import { textOf } from "./document.ts";
import { failureOfErrors, type Failure } from "./failure.ts";

/** The interval of pings on an idle connection. It is closed if no pong arrives in half of this time. */
const PING_MS = 10_000;
/** The first and the maximum delay between attempts to connect. */
const RETRY_MS = [200, 400, 800, 1_600, 3_200, 5_000];
/** If a resumed stream sends nothing for this long, all missed events have arrived. */
const QUIET_MS = 300;

/** Error codes for which a retry is useless. */
const FINAL = new Set([
  "BAD_USER_INPUT",
  "GRAPHQL_VALIDATION_FAILED",
  "UNAUTHENTICATED",
  "FORBIDDEN",
]);

/**
 * Sent after a subscription, because the protocol does not acknowledge one. The server handles the
 * messages of a connection one after the other and starts a subscription before it reads the next
 * message (`src/graphql/websocket.rs`), so a response or an error for this shows that the
 * subscription has started.
 */
const PROBE = "{__typename}";

const ignore = () => undefined;

let socket: Client | undefined;
let open = false;
/** When the server last sent something, in milliseconds of the browser's clock. */
let heard = Date.now();

/** One connection for the whole page, opened by the first stream and closed after the last. */
function connect(): Client {
  if (socket) return socket;
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  socket = createClient({
    url: `${location.origin.replace(/^http/, "ws")}${underBase("/graphql")}`,
    // Each stream retries by itself, because each resumes from its own position.
    retryAttempts: 0,
    lazyCloseTimeout: 1_000,
    keepAlive: PING_MS,
    on: {
      connected: () => (open = true),
      message: () => (heard = Date.now()),
      ping: (received) => {
        if (!received) unanswered = setTimeout(() => socket?.terminate(), PING_MS / 2);
      },
      pong: (received) => {
        if (received) clearTimeout(unanswered);
      },
      closed: () => {
        open = false;
        clearTimeout(unanswered);
      },
    },
  });
  return socket;
}

/** Whether the page has closed the connection in order to open another one. */
let renewing = false;

/** Replaces the connection by one with the current cookies. The streams resume from their positions. */
export function renewConnection(): void {
  renewing = true;
  socket?.terminate();
  // All streams have handled the close event by then.
  setTimeout(() => (renewing = false));
}

export type Stream<Data, Variables> = {
  readonly document: TadaDocumentNode<Data, Variables>;
  /** Called for each attempt, so that a stream resumes from its latest position. */
  readonly variables: () => Variables;
  readonly onItem: (data: Data) => void;
  /**
   * The server has started the stream, for the first time or again. A stream without a cursor does not send earlier
   * events, so data that was loaded before must be loaded again.
   */
  readonly onStart?: () => void;
  /** The server ended the stream for a reason that a retry cannot fix. */
  readonly onFailure: (failure: Failure) => void;
};

/**
 * Keeps a subscription running, also after lost connections and restarts of the server, and updates `connection`.
 * Returns the function that stops it.
 */
export function follow<Data, Variables extends Record<string, unknown>>(
  stream: Stream<Data, Variables>,
): () => void {
  const query = textOf(stream.document);
  let stopped = false;
  let attempt = 0;
  let release: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let quiet: ReturnType<typeof setTimeout> | undefined;

  const settle = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => connection.set({ state: "live" }), QUIET_MS);
  };

  const opened = () => {
    attempt = 0;
    if (connection.get().state === "stale") connection.set({ state: "catching-up" });
    settle();
  };

  const retry = () => {
    release = undefined;
    if (stopped) return;
    clearTimeout(quiet);
    clearTimeout(timer);
    if (renewing) {
      connection.set({ state: "catching-up" });
      timer = setTimeout(start);
      return;
    }
    if (connection.get().state !== "stale") connection.set({ state: "stale", since: heard });
    const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 5_000;
    attempt += 1;
    timer = setTimeout(start, wait * (0.75 + Math.random() / 2));
  };

  function start() {
    if (stopped || release) return;
    clearTimeout(timer);
    let ended = false;
    const unopened = connect().on("connected", opened);
    // `connected` is not emitted if the connection is already open.
    if (open) opened();
    const stop = connect().subscribe<Data>(
      { query, variables: stream.variables() },
      {
        next: (result) => {
          if (result.errors) {
            fail(failureOfErrors(result.errors));
          } else if (result.data) {
            if (connection.get().state === "catching-up") settle();
            stream.onItem(result.data);
          }
        },
        error: (error) => {
          if (Array.isArray(error)) fail(failureOfErrors(error as { message: string }[]));
          else over();
        },
        // The server has completed the stream. Nothing is missing.
        complete: () => {
          unopened();
          if (ended) return;
          ended = true;
          release = undefined;
          timer = setTimeout(start, RETRY_MS[0]);
        },
      },
    );
    const started = () => {
      if (!ended) stream.onStart?.();
    };
    const stopProbe = stream.onStart
      ? connect().subscribe(
          { query: PROBE },
          {
            next: started,
            // An error counts as a response. After a lost connection the stream reconnects.
            error: (error) => {
              if (Array.isArray(error)) started();
            },
            complete: ignore,
          },
        )
      : ignore;
    release = () => {
      ended = true;
      unopened();
      stop();
      stopProbe();
    };

    function over() {
      unopened();
      if (!ended) retry();
      ended = true;
    }

    function fail(failure: Failure) {
      if (ended) return;
      // A stream without a cursor cannot resume. `onStart` loads the missed data.
      const lagged = failure.code === "RESYNC" && !stream.onStart;
      if (FINAL.has(failure.code) || lagged) {
        ended = true;
        stream.onFailure(failure);
      } else {
        over();
      }
    }
  }

  const wake = () => {
    if (document.visibilityState === "visible" && !release) {
      attempt = 0;
      start();
    }
  };
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  start();

  return () => {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(quiet);
    window.removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
    release?.();
  };
}
