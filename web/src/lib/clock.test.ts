import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { since, useIsAhead, useNow } from "./time.ts";

const NOON = Date.parse("2026-06-01T12:00:00.000Z");
const MINUTE = 60_000;
const pass = (milliseconds: number) => act(() => void vi.advanceTimersByTime(milliseconds));

beforeEach(() => vi.useFakeTimers({ now: NOON }));
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("the clock of the page", () => {
  it("updates twice a minute, for all components at once", () => {
    const one = renderHook(useNow).result;
    pass(10_000);
    const other = renderHook(useNow).result;
    pass(20_000);
    expect(one.current).toBe(NOON + 30_000);
    expect(other.current).toBe(one.current);
  });

  it("stops while nobody watches it, and is right again afterwards", () => {
    const { unmount } = renderHook(useNow);
    unmount();
    expect(vi.getTimerCount()).toBe(0);
    pass(10 * MINUTE);
    expect(renderHook(useNow).result.current).toBe(NOON + 10 * MINUTE);
  });
});

describe("an instant in the future", () => {
  const ahead = (instant: string | null) => renderHook(() => useIsAhead(instant)).result;

  it("is ahead until exactly that instant", () => {
    const result = ahead("2026-06-01T12:00:10.000Z");
    expect(result.current).toBe(true);
    pass(9_000);
    expect(result.current).toBe(true);
    pass(1_100);
    expect(result.current).toBe(false);
  });

  it("is not ahead if it is past or missing", () => {
    expect(ahead("2026-06-01T11:59:59.000Z").current).toBe(false);
    expect(ahead(null).current).toBe(false);
  });

  it("may be later than the maximum delay of a timer", () => {
    const result = ahead("2026-08-01T12:00:00.000Z");
    pass(40 * 24 * 60 * MINUTE);
    expect(result.current).toBe(true);
    pass(22 * 24 * 60 * MINUTE);
    expect(result.current).toBe(false);
  });

  it("is reached as soon as a machine wakes up after it", () => {
    const result = ahead("2026-06-01T13:00:00.000Z");
    // The clock advances without timers, as on a sleeping machine.
    vi.setSystemTime(NOON + 90 * MINUTE);
    pass(30_000);
    expect(result.current).toBe(false);
  });

  it("can be postponed by the server", () => {
    const { result, rerender } = renderHook(({ at }) => useIsAhead(at), {
      initialProps: { at: "2026-06-01T12:00:10.000Z" },
    });
    rerender({ at: "2026-06-01T12:01:00.000Z" });
    pass(11_000);
    expect(result.current).toBe(true);
    pass(50_000);
    expect(result.current).toBe(false);
  });
});

it.each([
  [0, "just now"],
  [59_999, "just now"],
  [MINUTE, "1m ago"],
  [3 * 60 * MINUTE, "3h ago"],
])("%d ms ago at the end of a sentence: %s", (milliseconds, words) => {
  expect(since(NOON - milliseconds, NOON)).toBe(words);
});
