import { act, cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FAILED, FAILED_HISTORY } from "@/lib/fixtures.ts";
import { clockTime } from "@/lib/time.ts";
import { BackoffBadges } from "./BackoffBadges.tsx";

beforeEach(() => vi.useFakeTimers({ now: Date.parse(FAILED_HISTORY.lastAt) }));
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const until = clockTime(FAILED.retryAt ?? "");

it("shows a back-off until it ends, and then the number of attempts", () => {
  const { container } = render(<BackoffBadges backoff={FAILED} needsPerson={false} />);
  const mark = () => container.querySelector("[data-backoff]");
  expect(mark()?.textContent).toContain(`left alone until ${until}`);
  expect(mark()?.textContent).toContain("1 failed attempt");
  expect(mark()?.getAttribute("title")).toBe(
    `The issue is left alone until ${until} because scout failed on it (1 failed attempt).`,
  );

  act(() => void vi.advanceTimersByTime(9_900));
  expect(mark()?.getAttribute("data-backoff")).toBe("waiting");
  act(() => void vi.advanceTimersByTime(200));
  expect(mark()?.getAttribute("data-backoff")).toBe("attempts");
  expect(mark()?.getAttribute("title")).toBe("1 failed attempt. It is no longer left alone.");
});

it("shows nothing for a past back-off after rejected changes", () => {
  const refused = { ...FAILED, failedAttempts: 0 };
  const { container } = render(<BackoffBadges backoff={refused} needsPerson={false} />);
  expect(container.textContent).toContain("left alone until");
  act(() => void vi.advanceTimersByTime(11_000));
  expect(container.textContent).toBe("");
});

it("shows that an issue needs a person, by its attempts or by its label", () => {
  const exhausted = {
    ...FAILED,
    failedAttempts: 5,
    retryAt: null,
    needsHuman: true,
    summary: "The issue needs a person after 5 failed attempts; the last: scout failed on it.",
  };
  const { container, rerender } = render(<BackoffBadges backoff={exhausted} needsPerson />);
  const mark = () => container.querySelector("[data-backoff=person]");
  expect(mark()?.textContent).toContain("needs a person");
  expect(mark()?.textContent).toContain("5 failed attempts");
  expect(mark()?.getAttribute("title")).toBe(exhausted.summary);

  const byLabel = "Agents are not served the issue until the label needs-human is taken off.";
  rerender(<BackoffBadges backoff={null} needsPerson />);
  expect(mark()?.getAttribute("title")).toBe(byLabel);
  rerender(<BackoffBadges backoff={FAILED} needsPerson />);
  expect(mark()?.getAttribute("title"), "whatever else went wrong").toBe(byLabel);
});
