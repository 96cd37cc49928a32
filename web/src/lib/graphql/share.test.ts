import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BoardChanged } from "../liveQuery.ts";
import { follow } from "./live.ts";
import { share } from "./share.ts";

const stop = vi.fn();
vi.mock("./live.ts", () => ({ follow: vi.fn(() => stop) }));

const EVENT = { boardEvents: { __typename: "IssueChanged" as const } };
const stream = () => vi.mocked(follow).mock.calls.at(-1)?.[0] ?? expect.fail("Nobody follows");
const listener = () => ({ onItem: vi.fn(), onMissed: vi.fn() });

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  vi.mocked(follow).mockReturnValue(stop);
});
afterEach(() => {
  vi.useRealTimers();
});

it("listeners share one stream, and a late one has missed nothing", () => {
  const listen = share(BoardChanged);
  const [first, second] = [listener(), listener()];
  listen(first);
  stream().onStart?.();
  listen(second);
  stream().onItem(EVENT);
  expect(follow).toHaveBeenCalledOnce();
  expect([first.onMissed, second.onMissed].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  expect([first.onItem, second.onItem].map(({ mock }) => mock.calls)).toEqual([
    [[EVENT]],
    [[EVENT]],
  ]);

  stream().onStart?.();
  expect(second.onMissed, "the stream was interrupted").toHaveBeenCalledOnce();
});

it("the stream continues during navigation, and ends without listeners", () => {
  const listen = share(BoardChanged);
  const leave = listen(listener());
  leave();
  vi.advanceTimersByTime(1_000);
  const leaveNext = listen(listener());
  leave();
  vi.advanceTimersByTime(60_000);
  expect(stop).not.toHaveBeenCalled();

  leaveNext();
  vi.advanceTimersByTime(60_000);
  expect(stop).toHaveBeenCalledOnce();
  listen(listener());
  expect(follow).toHaveBeenCalledTimes(2);
});

it("a stream that failed is started again by the next listener", () => {
  const listen = share(BoardChanged);
  const first = listener();
  listen(first);
  stream().onFailure({ code: "FORBIDDEN", message: "Not allowed" });
  expect(first.onMissed).toHaveBeenCalledOnce();
  listen(listener());
  expect(follow).toHaveBeenCalledTimes(2);
});
