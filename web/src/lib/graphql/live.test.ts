import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EntryAdded } from "../liveQuery.ts";
import { TestSocket } from "./testSocket.ts";

const onItem = vi.fn();
const onStart = vi.fn();
const onFailure = vi.fn();
let stop: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  vi.stubGlobal("WebSocket", TestSocket);
  // The connection is state of the module.
  vi.resetModules();
  const { follow } = await import("./live.ts");
  stop = follow({ document: EntryAdded, variables: () => ({}), onItem, onStart, onFailure });
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a stream has started when the query after it is answered", async () => {
  await TestSocket.newest.open();
  expect(TestSocket.newest.documents()).toEqual([
    expect.stringContaining("auditEntryAdded"),
    "{__typename}",
  ]);
  expect(onStart, "the service may not have read the subscription").not.toHaveBeenCalled();

  TestSocket.newest.startStreams();
  expect(onStart).toHaveBeenCalledOnce();
  expect(onItem).not.toHaveBeenCalled();
});

it("a stream starts again after a lost connection", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.startStreams();
  const lost = TestSocket.newest;
  await lost.cut();
  expect(TestSocket.newest).not.toBe(lost);
  await TestSocket.newest.open();
  expect(onStart, "connected, but not started").toHaveBeenCalledOnce();

  TestSocket.newest.startStreams();
  expect(onStart).toHaveBeenCalledTimes(2);
});

it("a stream starts again after the service has ended it", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.startStreams();
  const ended = TestSocket.newest.id("auditEntryAdded");
  TestSocket.newest.answer({ type: "complete", id: ended });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(TestSocket.newest.id("auditEntryAdded")).not.toBe(ended);
  expect(onStart).toHaveBeenCalledOnce();

  TestSocket.newest.startStreams();
  expect(onStart).toHaveBeenCalledTimes(2);
});

it("a rejected subscription has not started", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.answer({
    type: "error",
    id: TestSocket.newest.id("auditEntryAdded"),
    payload: [{ message: "Sign in", extensions: { code: "UNAUTHENTICATED" } }],
  });
  TestSocket.newest.startStreams();
  expect(onFailure).toHaveBeenCalledOnce();
  expect(onStart).not.toHaveBeenCalled();
});

it("an error of that query counts as its response", async () => {
  await TestSocket.newest.open();
  TestSocket.newest.answer({
    type: "error",
    id: TestSocket.newest.id("__typename"),
    payload: [{ message: "Too many", extensions: { code: "RATE_LIMITED" } }],
  });
  expect(onStart).toHaveBeenCalledOnce();
});

it("a stream that was stopped meanwhile does not start", async () => {
  await TestSocket.newest.open();
  stop();
  TestSocket.newest.startStreams();
  expect(onStart).not.toHaveBeenCalled();
});

it("a stream with a cursor sends no query", async () => {
  const { follow } = await import("./live.ts");
  const stopOther = follow({ document: EntryAdded, variables: () => ({}), onItem, onFailure });
  await TestSocket.newest.open();
  expect(TestSocket.newest.documents()).toHaveLength(3);
  stopOther();
});
