import { expect, vi } from "vitest";

/** A message of the protocol `graphql-transport-ws`. */
type Message = {
  readonly type: string;
  readonly id?: string;
  readonly payload?: { readonly query: string };
};

/** Replaces `WebSocket` in tests. The test acts as the service and decides when it responds. */
export class TestSocket {
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  static #newest: TestSocket | undefined;

  /** The latest connection. */
  static get newest(): TestSocket {
    return TestSocket.#newest ?? expect.fail("There is no connection");
  }

  readyState = 0;
  onopen: () => void = () => undefined;
  onmessage: (event: { data: string }) => void = () => undefined;
  onclose: (event: { code: number; reason: string }) => void = () => undefined;
  onerror: () => void = () => undefined;
  readonly #sent: Message[] = [];
  #probesAnswered = 0;

  constructor() {
    TestSocket.#newest = this;
  }

  // ------------------------------------------------------------------ used by the page

  send(text: string): void {
    const message = JSON.parse(text) as Message;
    this.#sent.push(message);
    if (message.type === "ping") queueMicrotask(() => this.answer({ type: "pong" }));
  }

  close(): void {
    this.readyState = TestSocket.CLOSED;
  }

  // ------------------------------------------------------------------ used by the test

  /** The documents of the operations that the page has requested, in order. */
  documents(): readonly string[] {
    return this.#subscriptions().map(({ payload }) => payload?.query ?? "");
  }

  answer(message: object): void {
    this.onmessage({ data: JSON.stringify(message) });
  }

  /** Accepts the connection, and receives what the page sends at once. */
  async open(): Promise<void> {
    this.readyState = TestSocket.OPEN;
    this.onopen();
    await vi.advanceTimersByTimeAsync(0);
    this.answer({ type: "connection_ack" });
    await vi.advanceTimersByTimeAsync(0);
  }

  /** Closes the connection, and resolves when the page has tried to connect again. */
  async cut(): Promise<void> {
    this.readyState = TestSocket.CLOSED;
    this.onclose({ code: 1006, reason: "" });
    await vi.advanceTimersByTimeAsync(10_000);
  }

  /** The id of the latest operation whose document contains a text. */
  id(words: string): string {
    const found = this.#subscriptions().findLast(({ payload }) => payload?.query.includes(words));
    return found?.id ?? expect.fail(`Nobody asks for ${words}`);
  }

  /** Starts the subscriptions, and responds to each query that followed them. */
  startStreams(): void {
    const probes = this.#subscriptions().filter(({ payload }) => payload?.query === "{__typename}");
    for (const { id } of probes.slice(this.#probesAnswered)) {
      this.answer({ type: "next", id, payload: { data: { __typename: "Query" } } });
      this.answer({ type: "complete", id });
    }
    this.#probesAnswered = probes.length;
  }

  /** Sends an item of the latest subscription whose document contains a text. */
  publish(words: string, data: object): void {
    this.answer({ type: "next", id: this.id(words), payload: { data } });
  }

  #subscriptions(): readonly Message[] {
    return this.#sent.filter(({ type }) => type === "subscribe");
  }
}
