import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import type { Repository } from "../api/repositories.ts";
import { UnreadableIssues } from "./RepositoriesDialog.tsx";

afterEach(cleanup);

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
