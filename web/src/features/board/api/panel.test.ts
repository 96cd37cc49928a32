import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { follow } from "@/lib/graphql/live.ts";
import { followHistory } from "./panel.ts";

vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

const streams = () => vi.mocked(follow).mock.calls.map(([stream]) => stream);
const onChange = vi.fn();
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  stop = followHistory("7", onChange);
});
afterEach(() => {
  stop();
  // The streams end some time after the last listener has unsubscribed.
  vi.advanceTimersByTime(60_000);
  vi.useRealTimers();
  vi.clearAllMocks();
});

it("loads the issue again when the streams have started, and after changes of it", () => {
  for (const stream of streams()) stream.onStart?.();
  vi.advanceTimersByTime(1_000);
  expect(onChange, "once for both streams").toHaveBeenCalledOnce();

  for (const id of ["8", "7"]) streams()[1]?.onItem({ auditEntryAdded: { issue: { id } } });
  streams()[0]?.onItem({ agentRunRecorded: { issue: null } });
  vi.advanceTimersByTime(1_000);
  expect(onChange).toHaveBeenCalledTimes(2);
});

it("uses the same streams for the next issue", () => {
  for (const stream of streams()) stream.onStart?.();
  vi.advanceTimersByTime(1_000);
  stop();
  const onOther = vi.fn();
  stop = followHistory("8", onOther);
  vi.advanceTimersByTime(60_000);
  expect(follow).toHaveBeenCalledTimes(2);
  expect(onOther).not.toHaveBeenCalled();
});
