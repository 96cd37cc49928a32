import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FAILED, FAILED_HISTORY, READER, VISITOR } from "@/lib/fixtures.ts";
import { retryIssue } from "@/lib/retry.ts";
import { viewer } from "@/lib/viewer.ts";
import type { History } from "@/lib/backoff.ts";
import type { BoardIssue } from "../api/documents.ts";
import { issue } from "../model/fixtures.ts";
import { Backoff } from "./Backoff.tsx";

vi.mock("@/lib/retry.ts", () => ({ retryIssue: vi.fn() }));

const soon = new Date(Date.now() + 600_000).toISOString();
const waiting = { ...FAILED, retryAt: soon };

beforeEach(() => viewer.set(VISITOR));
afterEach(() => {
  cleanup();
  viewer.set(undefined);
});

const show = (changes: Partial<BoardIssue>, history: History | undefined = FAILED_HISTORY) =>
  render(<Backoff issue={issue(1, "READY", changes)} history={history} />).container;
const button = () => screen.queryByRole("button", { name: "Retry now" });

it("offers a retry while the issue is withheld", () => {
  show({ backoff: waiting });
  expect(screen.getByRole("region", { name: /^In back-off until / })).toBeTruthy();
  expect(button()).not.toBeNull();
  cleanup();

  show({ backoff: FAILED });
  const over = screen.getByRole("region", { name: "1 failed attempt" });
  expect(over.textContent).toMatch(/An agent failed on it .+\. It is no longer left alone\./);
  expect(button(), "the back-off is over").toBeNull();
  cleanup();

  show({ labels: ["Needs-Human"] }, undefined);
  expect(screen.getByRole("region", { name: "Needs a person" })).toBeTruthy();
  expect(button()).not.toBeNull();
});

it("shows the number of rejected changes, beside the failed attempts", () => {
  const refused = { ...FAILED_HISTORY, refusals: 3, cause: "REFUSED" as const };
  expect(show({ backoff: { ...waiting, failedAttempts: 2 } }, refused).textContent).toContain(
    "2 failed attempts · not changed on GitHub 3 times · first ",
  );
});

it("offers a retry with the permission, unless the repository is read-only", () => {
  const container = show({ backoff: waiting });
  act(() => viewer.set(READER));
  expect(button()).toBeNull();
  expect(container.textContent).toContain("Sign in to retry it.");
  cleanup();

  act(() => viewer.set(VISITOR));
  const { repository } = issue(1, "READY");
  show({ backoff: waiting, repository: { ...repository, readOnlyReason: "ARCHIVED" } });
  expect(button()).toBeNull();
});

it("is busy until the response, and shows an error", async () => {
  let answer: (value: Awaited<ReturnType<typeof retryIssue>>) => void = () => undefined;
  vi.mocked(retryIssue).mockReturnValue(new Promise((resolve) => (answer = resolve)));
  show({ backoff: waiting });
  await userEvent.click(screen.getByRole("button", { name: "Retry now" }));
  expect(retryIssue).toHaveBeenCalledWith("iss_1");
  const busy = screen.getByRole<HTMLButtonElement>("button", { name: "Retrying…" });
  expect(busy.disabled).toBe(true);
  await act(async () => {
    answer({ failure: { code: "CONFLICT", message: "Nothing keeps it back" } });
    await Promise.resolve();
  });
  expect(screen.getByRole("alert").textContent).toBe("Not retried: Nothing keeps it back");
  expect(button()).not.toBeNull();
});
