import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Answer } from "./graphql/client.ts";
import { TestSocket } from "./graphql/testSocket.ts";
import type * as module from "./liveQuery.ts";

/** The current response of the service. */
let truth: string;
const ask = vi.fn<() => Promise<Answer<string>>>();
let LiveQuery: typeof module.LiveQuery;
let query: module.LiveQuery<string>;
let close: () => void;

const shown = () => query.state.get().data;
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const publish = () =>
  TestSocket.newest.publish("boardEvents", { boardEvents: { __typename: "IssueChanged" } });

beforeEach(async () => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  vi.stubGlobal("WebSocket", TestSocket);
  // The connection and the streams are state of modules.
  vi.resetModules();
  ({ LiveQuery } = await import("./liveQuery.ts"));
  truth = "first";
  ask.mockImplementation(() => Promise.resolve({ data: truth }));
  query = new LiveQuery(ask);
  close = query.open();
});

afterEach(() => {
  close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("shows a change between the first response and the start of the streams", async () => {
  await pass(0);
  expect(shown()).toBe("first");
  await TestSocket.newest.open();
  // The service has not started the subscriptions yet, so they do not send this event.
  truth = "second";
  TestSocket.newest.startStreams();
  await pass(2_000);
  expect(shown()).toBe("second");
  await pass(9_000);
  expect(ask, "one more request for the three streams").toHaveBeenCalledTimes(2);
});

it("shows a change before the streams have started again", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.startStreams();
  await pass(5_000);
  await TestSocket.newest.cut();
  await TestSocket.newest.open();
  // Longer than the delay before the next request.
  await pass(5_000);
  truth = "second";
  TestSocket.newest.startStreams();
  await pass(2_000);
  expect(shown()).toBe("second");
});

it("shows a change after a resync, which ends a stream", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.startStreams();
  await pass(5_000);
  const ended = TestSocket.newest.id("boardEvents");
  TestSocket.newest.publish("boardEvents", { boardEvents: { __typename: "Resync" } });
  TestSocket.newest.answer({ type: "complete", id: ended });
  await pass(5_000);
  expect(TestSocket.newest.id("boardEvents")).not.toBe(ended);
  truth = "second";
  TestSocket.newest.startStreams();
  await pass(2_000);
  expect(shown()).toBe("second");
});

it("uses the streams of the previous page, and sends one query", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.startStreams();
  await pass(5_000);
  close();
  ask.mockClear();
  query = new LiveQuery(ask);
  close = query.open();
  await pass(9_000);
  TestSocket.newest.startStreams();
  await pass(9_000);
  expect(ask).toHaveBeenCalledOnce();

  truth = "second";
  for (let event = 0; event < 5; event += 1) publish();
  await pass(5_000);
  expect(shown()).toBe("second");
  expect(ask, "five events, one request").toHaveBeenCalledTimes(2);
});

it("drops an outdated response", async () => {
  const answers: (() => void)[] = [];
  ask.mockImplementation(() => {
    const data = truth;
    return new Promise((resolve) => answers.push(() => resolve({ data })));
  });
  void query.refresh();
  truth = "second";
  void query.refresh();
  answers[1]?.();
  await pass(0);
  answers[0]?.();
  await pass(0);
  expect(shown()).toBe("second");
});

it("sends a query again that was sent before the streams started", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.startStreams();
  await pass(5_000);
  query = new LiveQuery(ask);
  await query.refresh();
  truth = "second";
  const leave = query.open();
  await pass(2_000);
  expect(shown()).toBe("second");
  leave();
});

it("sends its query when a hidden tab is shown, unless it was just sent", async () => {
  const hidden = vi.spyOn(document, "hidden", "get");
  const show = (isShown: boolean) => {
    hidden.mockReturnValue(!isShown);
    document.dispatchEvent(new Event("visibilitychange"));
  };
  close();
  ask.mockClear();
  query = new LiveQuery(ask, 30_000);
  close = query.open();
  await pass(29_000);
  show(false);
  show(true);
  expect(ask).toHaveBeenCalledOnce();
  show(false);
  await pass(50_000);
  expect(ask).toHaveBeenCalledOnce();

  show(true);
  expect(ask).toHaveBeenCalledTimes(2);
  close();
  show(false);
  await pass(60_000);
  show(true);
  expect(ask).toHaveBeenCalledTimes(2);
});
