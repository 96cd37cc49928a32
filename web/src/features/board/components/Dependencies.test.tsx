import { act, cleanup, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { Dependency, IssueDetail } from "../api/panel.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { BoardStore } from "../model/store.ts";
import { BoardContext, type Board } from "./context.ts";
import { Dependencies } from "./Dependencies.tsx";

afterEach(cleanup);

const cached = (number: number, changes: Partial<Dependency> = {}): Dependency => ({
  repository: "acme/rocket",
  number,
  isOpen: true,
  url: `https://github.com/acme/rocket/issues/${number}`,
  sources: ["TEXT"],
  issue: { id: `iss_${number}`, title: `Issue ${number}`, state: "OPEN", status: "READY" },
  ...changes,
});

function show(blockedBy: readonly Dependency[], blocks: readonly Dependency[]) {
  const store = new BoardStore();
  store.load(snapshot([issue(2, "READY")]));
  const open = vi.fn();
  const board = { session: { store }, open } as unknown as Board;
  const detail = { ...issue(1, "READY"), blockedBy, blocks } as unknown as IssueDetail["issue"];
  const { container } = render(
    <BoardContext value={board}>
      <Dependencies issue={detail} />
    </BoardContext>,
  );
  return { store, open, container };
}

it("shows nothing without dependencies", () => {
  expect(show([], []).container.innerHTML).toBe("");
});

it("links to cards of the board, and to GitHub for other issues", async () => {
  const far = { repository: "acme/moon", number: 9, issue: null, url: "https://github.com/x/9" };
  const { open } = show([cached(2)], [cached(3, far)]);
  const blockedBy = within(screen.getByRole("region", { name: "Blocked by" }));
  await userEvent.click(blockedBy.getByRole("link", { name: /Issue 2/ }));
  expect(open).toHaveBeenCalledWith("iss_2");
  const blocks = within(screen.getByRole("region", { name: "Blocks" }));
  const link = blocks.getByRole("link", { name: /acme\/moon#9/ });
  expect(link.getAttribute("href")).toBe(far.url);
  expect(link.getAttribute("target")).toBe("_blank");
});

it("shows an unknown state, and where a dependency was declared", () => {
  show([cached(4, { issue: null, isOpen: null, sources: ["GITHUB", "TEXT"] })], []);
  const link = screen.getByRole("link");
  expect(link.title).toBe(
    "#4 on GitHub (whether it is open is not known yet; by GitHub's relation and the text)",
  );
});

it("shows an issue with the current data of its card", () => {
  const { store } = show([cached(2)], []);
  act(() => {
    const closed = issue(2, "DONE", { state: "CLOSED", title: "Renamed" });
    store.receive({ __typename: "IssueChanged", cursor: "11", issue: closed }, Date.now());
  });
  expect(screen.getByRole("link").title).toBe("#2: Renamed (closed; by the text)");
});
