import { act, cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { linkedPullRequest, READ_ONLY } from "@/lib/fixtures.ts";
import { labelSchemes } from "@/lib/labelSchemes.ts";
import { issue } from "../model/fixtures.ts";
import { Card, fitting } from "./Card.tsx";

afterEach(() => {
  cleanup();
  labelSchemes.set(new Map());
});

it.each(["I/O", "type/bug", "a/b/c", "tcp/", "/", "CI/CD"])("shows the whole label %s", (label) => {
  const view = {
    issue: issue(1, "READY", { labels: ["status/ready", label] }),
    status: "READY" as const,
  };
  const { getByTitle } = render(
    <Card view={{ ...view, pending: undefined, arrival: undefined, refusal: undefined }} />,
  );
  expect(getByTitle(label).textContent).toBe(label);
});

it.each([
  [["bug"], 30, 1],
  [["bug", "docs", "good first issue"], 30, 2],
  [["a", "b", "c", "d"], 60, 3],
  [["good first issue"], 16, 1],
  [["type/bug"], 13, 1],
  [["type/bug"], 12, 0],
  [[], 30, 0],
])("of %j, with space for %d characters, %d are shown", (labels, room, shown) => {
  expect(fitting(labels, room)).toBe(shown);
});

it("shows only once that its issue needs a person", () => {
  const changes = { labels: ["status/ready", "needs-human", "type/bug"] };
  const view = { status: "READY" as const, pending: undefined, arrival: undefined };
  const { container, queryByTitle } = render(
    <Card view={{ ...view, issue: issue(1, "READY", changes), refusal: undefined }} />,
  );
  expect(container.textContent).toContain("needs a person");
  expect(queryByTitle("needs-human")).toBeNull();
  expect(queryByTitle("type/bug")).not.toBeNull();
});

it("hides the status label of its repository, once the label scheme is loaded", () => {
  const ready = issue(1, "READY", { labels: ["ready-for-agent", "status/ready"] });
  const view = { status: "READY" as const, pending: undefined, arrival: undefined };
  const { queryByTitle } = render(<Card view={{ ...view, issue: ready, refusal: undefined }} />);
  expect(queryByTitle("ready-for-agent")).not.toBeNull();
  expect(queryByTitle("status/ready")).toBeNull();
  act(() =>
    labelSchemes.set(
      new Map([[ready.repository.fullName, (label: string) => label === "ready-for-agent"]]),
    ),
  );
  expect(queryByTitle("ready-for-agent")).toBeNull();
  expect(queryByTitle("status/ready")).not.toBeNull();
});

/** Renders the card of an issue whose repository is read-only for the given reason, if any. */
function showReadOnly(readOnlyReason: (typeof READ_ONLY)[number][0] | null) {
  const ready = issue(1, "READY");
  const view = { status: "READY" as const, pending: undefined, arrival: undefined };
  const repository = { ...ready.repository, readOnlyReason };
  return render(<Card view={{ ...view, issue: { ...ready, repository }, refusal: undefined }} />);
}

it.each(READ_ONLY)("shows that its repository is read-only: %s", (reason, sentence) => {
  const mark = showReadOnly(reason).getByTitle(sentence);
  expect(mark.textContent, "to screen readers, too").toBe(sentence);
  expect(mark.querySelector("svg")).not.toBeNull();
});

it("shows no lock if the issue can be changed", () => {
  expect(showReadOnly(null).container.innerHTML).not.toContain("cannot be changed");
});

it.each([
  ["sam", "AGENT", "moved by sam agent"],
  ["Sam", "OPERATOR", "moved by Sam operator"],
  ["github", "GITHUB", "moved by github"],
] as const)("shows who moved it: %s, %s", (actor, actorKind, words) => {
  const arrival = { actor, actorKind, from: "BACKLOG" as const, at: 0 };
  const view = { status: "READY" as const, pending: undefined, refusal: undefined };
  const { getByTitle } = render(<Card view={{ ...view, issue: issue(1, "READY"), arrival }} />);
  const mark = getByTitle(`Moved by ${actor} (${actorKind.toLowerCase()})`);
  expect(mark.textContent.trim()).toBe(words);
});

it.each([
  [
    linkedPullRequest(),
    "Pull request #12: open, checks failed, approved",
    ["checks failed", "approved"],
  ],
  [
    linkedPullRequest({ isDraft: true, checkState: "PENDING", reviewDecision: "REVIEW_REQUIRED" }),
    "Pull request #12: draft, checks running, review required",
    ["checks running"],
  ],
  [linkedPullRequest({ state: "MERGED" }), "Pull request #12: merged", []],
])("a card shows how its pull request stands: %j", (pull, title, marks) => {
  const ready = issue(1, "READY", { pullRequests: [pull] });
  const view = { status: "READY" as const, pending: undefined, arrival: undefined };
  const { getByTitle } = render(<Card view={{ ...view, issue: ready, refusal: undefined }} />);
  const shown = getByTitle(title).querySelectorAll("[role=img]");
  expect([...shown].map((mark) => mark.getAttribute("aria-label"))).toEqual(marks);
});
