import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { READ_ONLY, VISITOR } from "@/lib/fixtures.ts";
import type { WorkLimits } from "@/lib/limits.ts";
import { signal } from "@/lib/signal.ts";
import { viewer } from "@/lib/viewer.ts";
import { readIssue, type IssueDetail } from "../api/panel.ts";
import { Mover } from "../api/moves.ts";
import { BoardSession } from "../api/session.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { openCollapseState } from "../model/collapsed.ts";
import { Interaction } from "../model/interaction.ts";
import { BoardContext } from "./context.ts";
import IssuePanel from "./IssuePanel.tsx";

vi.mock("../api/panel.ts", () => ({
  followHistory: () => () => undefined,
  readIssue: vi.fn(),
}));
vi.mock("../api/conversation.ts", () => ({
  readConversation: () => Promise.resolve({ missing: true }),
}));

beforeEach(() => viewer.set(VISITOR));
afterEach(() => {
  cleanup();
  viewer.set(undefined);
});

type ReadOnlyReason = (typeof READ_ONLY)[number][0];

/**
 * Renders the panel of an issue whose repository is read-only for the given reason, if any, and waits until it is
 * loaded.
 */
async function show(readOnlyReason: ReadOnlyReason | null, isOnBoard = true) {
  const plain = issue(1, "READY");
  const shown = { ...plain, repository: { ...plain.repository, readOnlyReason } };
  const detail: IssueDetail = {
    issue: {
      ...shown,
      backoff: null,
      lease: null,
      blockedBy: [],
      blocks: [],
      body: "The words",
      lane: "default",
      closedAt: null,
      lastSyncedAt: shown.updatedAt,
    },
    audit: [],
    runs: [],
  };
  vi.mocked(readIssue).mockResolvedValue({ detail });
  const session = new BoardSession();
  if (isOnBoard) session.store.load(snapshot([shown]));
  const board = {
    session,
    mover: new Mover(session.store),
    interaction: new Interaction(),
    collapse: openCollapseState(),
    limits: signal<WorkLimits | undefined>(undefined),
    move: () => undefined,
    open: () => undefined,
  };
  render(
    <BoardContext value={board}>
      <IssuePanel id={shown.id} onClose={() => undefined} />
    </BoardContext>,
  );
  await screen.findByText("The words");
  return within(screen.getByRole("complementary", { name: "Issue acme/rocket#1" }));
}

const CHANGES = ["Ready", "No priority", "No agent", "No owner"];

it.each(READ_ONLY)("shows once why the issue cannot be changed: %s", async (reason, sentence) => {
  const panel = await show(reason);
  expect(panel.getAllByText(sentence)).toHaveLength(1);
  for (const name of CHANGES) {
    const button = panel.getByRole<HTMLButtonElement>("button", { name });
    expect([button.disabled, button.title], name).toEqual([true, sentence]);
  }
  expect(panel.queryByRole("textbox"), "nothing can be said there").toBeNull();
});

it("shows that also for an issue without a card", async () => {
  const [reason, sentence] = READ_ONLY[0] ?? expect.fail("There is no reason");
  expect((await show(reason, false)).getByText(sentence)).toBeTruthy();
});

it("shows no such reason if the issue can be changed", async () => {
  const panel = await show(null);
  expect(panel.queryByText(/cannot be changed/)).toBeNull();
  for (const name of CHANGES)
    expect(panel.getByRole<HTMLButtonElement>("button", { name }).disabled, name).toBe(false);
  expect(panel.getByRole("textbox", { name: "Comment" })).toBeTruthy();
});
