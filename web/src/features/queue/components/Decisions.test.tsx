import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readNames, type Decision, type Named } from "../api/queue.ts";
import { Decisions } from "./Decisions.tsx";

vi.mock("../api/queue.ts", () => ({ readNames: vi.fn() }));

const named = (number: number): Named => ({
  id: `iss_${number}`,
  number,
  title: `Issue ${number}`,
  repository: { name: "rocket" },
});
const decision = (changes: Partial<Decision> = {}): Decision => ({
  id: "dec_1",
  kind: "claim_next",
  agent: "scout",
  lane: null,
  firstAt: "2026-06-01T11:00:00.000Z",
  lastAt: "2026-06-01T12:00:00.000Z",
  times: 1,
  idleReason: null,
  issue: named(1),
  candidates: [],
  withheld: [],
  counts: [],
  ...changes,
});

const onEveryone = vi.fn();
beforeEach(() => {
  vi.mocked(readNames).mockResolvedValue([]);
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
});

const show = (decisions: readonly Decision[], everyone = false) =>
  render(
    <Decisions
      agent="scout"
      everyone={everyone}
      decisions={decisions}
      named={[named(1), named(2)]}
      onEveryone={onEveryone}
    />,
  );
/** Opens the only decision. */
const open = () => {
  const details = document.querySelector("details") ?? expect.fail("There is no decision");
  details.open = true;
  fireEvent(details, new Event("toggle"));
};
const line = () => document.querySelector("summary")?.textContent;

describe("a decision", () => {
  it.each([
    [{}, "was served"],
    [{ lane: "docs" }, "was served of lane docs"],
    [{ kind: "preview" }, "was shown"],
    [{ issue: null, idleReason: "Nothing is ready." }, "got no issue"],
    [{ times: 3 }, "was served × 3"],
  ])("has a sentence, case %#", (changes, words) => {
    show([decision(changes)]);
    expect(line()).toContain(`scout${words}`);
  });

  it("shows why no issue was served", () => {
    show([decision({ issue: null, idleReason: "Nothing is ready." })]);
    expect(screen.getByText("Nothing is ready.")).toBeTruthy();
  });

  it("shows the eligible and the withheld issues when it is opened", () => {
    show([
      decision({
        candidates: [{ issueId: "iss_2", rank: 1, reason: "P0, ready" }],
        withheld: [{ issueId: "iss_1", skipReasons: ["LEASED"], summary: "It is held." }],
        counts: [
          { reason: "LEASED", issues: 1 },
          { reason: "CLOSED", issues: 4 },
        ],
      }),
    ]);
    expect(screen.queryByText("Eligible")).toBeNull();
    open();
    expect(screen.getByText("P0, ready").parentElement?.textContent).toContain("Issue 2");
    expect(screen.getByText("1 held by an agent · 4 closed")).toBeTruthy();
    expect(screen.getByText("It is held.").parentElement?.textContent).toContain("Issue 1");
    expect(readNames, "the page knows both").not.toHaveBeenCalled();
  });

  it("shows that there were no issues", () => {
    show([decision({ issue: null })]);
    open();
    expect(screen.getByText("There were no issues.")).toBeTruthy();
  });

  it("requests unknown titles, and shows the id until then", async () => {
    vi.mocked(readNames).mockResolvedValue([named(9)]);
    show([decision({ candidates: [{ issueId: "iss_9", rank: 1, reason: "P0, ready" }] })]);
    open();
    expect(screen.getByText("iss_9")).toBeTruthy();
    expect(await screen.findByRole("link", { name: "Issue 9" })).toBeTruthy();
    expect(readNames).toHaveBeenCalledExactlyOnceWith(["iss_9"]);
  });
});

describe("without decisions", () => {
  it("shows for whom, and offers those of all agents", async () => {
    show([]);
    expect(screen.getByText("scout has not asked for work recently.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Only scout", pressed: false }));
    expect(onEveryone).toHaveBeenCalledExactlyOnceWith(true);
  });

  it("shows that no agent has asked for work", async () => {
    show([], true);
    expect(screen.getByText("No agent has asked for work recently.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "All agents", pressed: true }));
    expect(onEveryone).toHaveBeenCalledExactlyOnceWith(false);
  });
});
