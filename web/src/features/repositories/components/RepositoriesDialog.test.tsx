import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Repository } from "../api/repositories.ts";
import { Refusing, UnreadableIssues } from "./RepositoriesDialog.tsx";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const since = "2026-01-01T12:00:00Z";

function show(unreadableIssues: Repository["unreadableIssues"]) {
  const repository = {
    url: "https://github.com/acme/tools",
    unreadableIssues,
  } as Repository;
  return render(<UnreadableIssues repository={repository} />).container;
}

it("shows each issue that could not be read with its number and the reason", () => {
  const text = show({
    totalCount: 103,
    nodes: [
      { number: 7, reason: "Something is off", since },
      { number: null, reason: "Gone astray", since },
    ],
  }).textContent;
  expect(text).toContain("103 issues could not be read. Every sync tries again.");
  expect(text).toContain("#7: Something is off");
  expect(text).toContain("An issue that GitHub did not name: Gone astray");
  expect(text).toContain("and 101 more");
  const link = screen.getByRole("link", { hidden: true });
  expect(link.getAttribute("href")).toBe("https://github.com/acme/tools/issues/7");
});

it("says nothing where all could be read", () => {
  expect(show({ totalCount: 0, nodes: [] }).textContent).toBe("");
});

it("says that GitHub refuses changes for as long as the repository is left alone for that", () => {
  vi.useFakeTimers({ now: Date.parse(since) });
  const backoff = { reason: "GitHub API error: 403 Forbidden", retryAt: "2026-01-01T12:00:15Z" };
  const { container } = render(<Refusing backoff={backoff} />);
  expect(container.textContent).toContain(
    "GitHub refuses changes: GitHub API error: 403 Forbidden. Tried again at ",
  );
  act(() => void vi.advanceTimersByTime(16_000));
  expect(container.textContent).toBe("");
});
