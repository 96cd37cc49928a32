import { act, cleanup, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkLimits } from "@/lib/limits.ts";
import { issue } from "../model/fixtures.ts";
import { CollapsedHead, ColumnHead } from "./ColumnHead.tsx";
import type { Board } from "./context.ts";
import { boardOf, renderOn } from "./testBoard.tsx";

let board: Board;
beforeEach(() => {
  localStorage.clear();
  board = boardOf([issue(1, "IN_PROGRESS"), issue(2, "READY")]);
});
afterEach(cleanup);

const limits = (issues: number, limit: number | null): WorkLimits => ({
  waitingForHuman: { issues: 0, limit: null },
  lanes: [{ lane: "default", issues, limit }],
});

describe("the head of a column", () => {
  beforeEach(() => {
    renderOn(board, <ColumnHead status="IN_PROGRESS" id="head" />);
  });
  const heading = () => screen.getByRole("heading").textContent;

  it("has its name and its count, which includes pending moves", () => {
    expect(heading()).toBe("In Progress1 issues");
    act(() => board.session.store.begin("iss_2", "IN_PROGRESS"));
    expect(heading()).toBe("In Progress2 issues");
  });

  it("collapses the column", async () => {
    await userEvent.click(screen.getByRole("button", { name: "Collapse In Progress" }));
    expect([...board.collapse.collapsed.get()]).toEqual(["IN_PROGRESS"]);
  });

  it("shows no limit if none is set", () => {
    act(() => board.limits.set(limits(3, null)));
    expect(document.querySelector("[data-limit]")).toBeNull();
  });

  it.each([
    [2, "under", "2/3, 2 of 3 held by agents"],
    [3, "at", "3/3, 3 of 3 held by agents. No more is given out"],
    [4, "over", "4/3, 4 of 3 held by agents. No more is given out"],
  ])("with %d of 3 leases it is %s the limit", (issues, level, words) => {
    act(() => board.limits.set(limits(issues, 3)));
    const badge = document.querySelector("[data-limit]");
    expect(badge?.getAttribute("data-limit")).toBe(level);
    expect(badge?.textContent).toBe(words);
  });
});

describe("the head of a collapsed column", () => {
  beforeEach(() => {
    renderOn(board, <CollapsedHead status="IN_PROGRESS" id="head" />);
  });
  const button = () => screen.getByRole("button", { name: "Expand In Progress" });

  it("expands the column", async () => {
    board.collapse.toggle("IN_PROGRESS");
    await userEvent.click(button());
    expect(board.collapse.collapsed.get().size).toBe(0);
  });

  it("gets the focus of a card that is moved into the column", () => {
    act(() => {
      board.session.store.begin("iss_2", "IN_PROGRESS");
      board.interaction.focus("iss_2");
    });
    expect(document.activeElement).toBe(button());
  });

  it("leaves the focus on a card of another column", () => {
    act(() => board.interaction.focus("iss_2"));
    expect(document.activeElement).toBe(document.body);
  });
});
