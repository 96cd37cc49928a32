import { cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { announce, notify } from "@/components/Notices.tsx";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import type { WorkLimits } from "@/lib/limits.ts";
import { signal } from "@/lib/signal.ts";
import { STATUSES } from "@/lib/statuses.ts";
import { viewer } from "@/lib/viewer.ts";
import type { Mover } from "../api/moves.ts";
import { BoardSession } from "../api/session.ts";
import { openCollapseState } from "../model/collapsed.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { Interaction } from "../model/interaction.ts";
import { PLAIN } from "../model/layout.ts";
import type { Board } from "./context.ts";
import { useBoardKeys, type BoardKeys } from "./useBoardKeys.ts";

vi.mock("@/components/Notices.tsx", () => ({ notify: vi.fn(), announce: vi.fn() }));

const ARCHIVED = {
  fullName: "acme/old",
  name: "old",
  readOnlyReason: "ARCHIVED",
} as const;

const undo = vi.fn<Mover["undo"]>();
const move = vi.fn<Board["move"]>();
const open = vi.fn<Board["open"]>();
const spies = {
  arrange: vi.fn(),
  close: vi.fn(),
  search: vi.fn(),
  filter: vi.fn(),
  views: vi.fn(),
  display: vi.fn(),
};
let interaction: Interaction;
let board: Board;

// Ready has 3 above 1. Done has 5, whose repository is read-only.
beforeEach(() => {
  vi.clearAllMocks();
  localStorage.clear();
  viewer.set(VISITOR);
  interaction = new Interaction();
  const session = new BoardSession();
  session.store.load(
    snapshot([issue(1, "READY"), issue(3, "READY"), issue(5, "DONE", { repository: ARCHIVED })]),
  );
  board = {
    session,
    mover: { undo } as unknown as Mover,
    interaction,
    collapse: openCollapseState(),
    limits: signal<WorkLimits | undefined>(undefined),
    move,
    open,
  };
});
afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});

function listen(changes: Partial<BoardKeys> = {}): void {
  renderHook(() =>
    useBoardKeys({
      board,
      columns: STATUSES,
      layout: PLAIN,
      opened: undefined,
      ...spies,
      ...changes,
    }),
  );
}

/** Presses a key on the body or on a card. Returns whether the board used it. */
function press(
  key: string,
  { on = document.body, shift = false }: { on?: Element; shift?: boolean } = {},
): boolean {
  const event = new KeyboardEvent("keydown", {
    key,
    shiftKey: shift,
    bubbles: true,
    cancelable: true,
  });
  on.dispatchEvent(event);
  return event.defaultPrevented;
}

/** An element that the shortcuts recognise as a card. */
function cardElement(): Element {
  const element = document.createElement("div");
  element.dataset.card = "";
  document.body.append(element);
  return element;
}

describe("navigation", () => {
  it("starts at the first card and stays on the board", () => {
    listen();
    expect(press("j")).toBe(true);
    expect(interaction.focused.get()).toBe("iss_3");
    press("j");
    expect(interaction.focused.get()).toBe("iss_1");
    press("j");
    expect(interaction.focused.get()).toBe("iss_1");
    press("l");
    expect(interaction.focused.get()).toBe("iss_5");
    press("ArrowLeft");
    expect(interaction.focused.get()).toBe("iss_3");
  });

  it("leaves arrow keys to other focused elements, but not letters", () => {
    listen();
    const button = document.createElement("button");
    document.body.append(button);
    expect(press("ArrowDown", { on: button })).toBe(false);
    expect(interaction.focused.get()).toBeUndefined();
    expect(press("j", { on: button })).toBe(true);
  });

  it("leaves letters to text fields", () => {
    listen();
    const input = document.createElement("input");
    document.body.append(input);
    expect(press("j", { on: input })).toBe(false);
    expect(interaction.focused.get()).toBeUndefined();
  });

  it("skips a collapsed column", () => {
    board.collapse.toggle("READY");
    listen();
    press("j");
    expect(interaction.focused.get()).toBe("iss_5");
  });

  it("selects the cards on the way with Shift", () => {
    listen();
    interaction.focus("iss_3");
    press("J", { shift: true });
    expect([...interaction.selected.get()]).toEqual(["iss_3", "iss_1"]);
  });

  it("moves the open side panel to the new card", () => {
    listen({ opened: "iss_3" });
    interaction.focus("iss_3");
    press("j");
    expect(open).toHaveBeenCalledExactlyOnceWith("iss_1");
  });

  it("ignores the keys on an empty board", () => {
    board.session.store.load(snapshot([]));
    listen();
    expect(press("j")).toBe(false);
  });
});

describe("prompts", () => {
  it.each([
    ["m", "move"],
    ["a", "agent"],
    ["o", "owner"],
    ["p", "priority"],
  ])("%s opens the prompt for the %s of the focused card", (key, kind) => {
    listen();
    interaction.focus("iss_1");
    expect(press(key)).toBe(true);
    expect(interaction.prompt.get()).toEqual({ kind, ids: ["iss_1"] });
  });

  it("apply to the selection, without cards that cannot be changed", () => {
    listen();
    interaction.focus("iss_3");
    interaction.select(["iss_1", "iss_5"]);
    press("m");
    expect(interaction.prompt.get()).toEqual({ kind: "move", ids: ["iss_1"] });
    expect(notify).not.toHaveBeenCalled();
  });

  it("show why no card can be changed", () => {
    listen();
    interaction.focus("iss_5");
    expect(press("m")).toBe(true);
    expect(interaction.prompt.get()).toBeUndefined();
    expect(notify).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("is archived"));
  });

  it("do not open without a card, or for one that has left the board", () => {
    listen();
    expect(press("m")).toBe(false);
    interaction.focus("iss_99");
    interaction.select(["iss_98"]);
    expect(press("m")).toBe(false);
    expect(press("x")).toBe(false);
    expect(interaction.prompt.get()).toBeUndefined();
  });
});

describe("the focused card", () => {
  it("is opened with Enter and selected with x", () => {
    listen();
    const on = cardElement();
    interaction.focus("iss_1");
    expect(press("Enter", { on })).toBe(true);
    expect(open).toHaveBeenCalledExactlyOnceWith("iss_1");
    press("x");
    expect(interaction.selected.get().has("iss_1")).toBe(true);
  });

  it("is neither opened nor picked up with keys on another element", () => {
    listen();
    interaction.focus("iss_1");
    expect(press("Enter")).toBe(false);
    expect(press(" ")).toBe(false);
    expect(open).not.toHaveBeenCalled();
    expect(interaction.lifted.get()).toBeUndefined();
  });

  it("gets the focus when Escape closes the panel; otherwise Escape clears the selection", () => {
    listen({ opened: "iss_1" });
    interaction.select(["iss_3"]);
    expect(press("Escape")).toBe(true);
    expect(spies.close).toHaveBeenCalledOnce();
    expect(interaction.focused.get()).toBe("iss_1");
    expect(interaction.selected.get().size).toBe(1);
    cleanup();

    listen();
    press("Escape");
    expect(interaction.selected.get().size).toBe(0);
  });
});

describe("a card that is dragged with the keyboard", () => {
  beforeEach(() => {
    listen();
    interaction.focus("iss_1");
    press(" ", { on: cardElement() });
  });

  it("is announced, and dropped in the column of the arrow keys", () => {
    expect(interaction.lifted.get()).toEqual({ id: "iss_1", over: "READY" });
    expect(announce).toHaveBeenLastCalledWith(expect.stringContaining("Picked up, in Ready"));
    press("ArrowRight");
    press("l");
    expect(announce).toHaveBeenLastCalledWith("Over In Review.");
    press(" ");
    expect(move).toHaveBeenCalledExactlyOnceWith(["iss_1"], "IN_REVIEW");
    expect(interaction.lifted.get()).toBeUndefined();
  });

  it("takes the selection with it", () => {
    interaction.select(["iss_1", "iss_3"]);
    press("ArrowLeft");
    press("Enter");
    expect(move).toHaveBeenCalledExactlyOnceWith(["iss_1", "iss_3"], "BACKLOG");
  });

  it.each(["Escape", "Tab"])("is put back with %s", (key) => {
    press("ArrowRight");
    expect(press(key)).toBe(true);
    expect(move).not.toHaveBeenCalled();
    expect(interaction.lifted.get()).toBeUndefined();
    expect(announce).toHaveBeenLastCalledWith("Put back.");
  });

  it("handles every other key, so that no shortcut works meanwhile", () => {
    for (const key of ["m", "z", "x", "/", "j", "ArrowUp"]) expect(press(key), key).toBe(true);
    expect(spies.search).not.toHaveBeenCalled();
    expect(undo).not.toHaveBeenCalled();
    expect(interaction.prompt.get()).toBeUndefined();
    expect(interaction.focused.get()).toBe("iss_1");
    expect(interaction.lifted.get()).toEqual({ id: "iss_1", over: "READY" });
  });

  it("stops at the last column", () => {
    for (let step = 0; step < 9; step += 1) press("ArrowRight");
    expect(interaction.lifted.get()?.over).toBe("DONE");
  });
});

it("a card that cannot be moved is not picked up, and the reason is shown", () => {
  listen();
  interaction.focus("iss_5");
  expect(press(" ", { on: cardElement() })).toBe(true);
  expect(interaction.lifted.get()).toBeUndefined();
  expect(notify).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("cannot be changed"));
});

describe("undo", () => {
  const made = (number: number) => ({
    id: `iss_${number}`,
    number,
    from: "READY" as const,
    to: "DONE" as const,
    auditEntryId: "aud_1",
    auditedAt: "2026-06-01T12:00:00.000Z",
  });

  it("focuses the card and shows where it was moved", async () => {
    listen();
    undo.mockResolvedValue([made(1)]);
    press("z");
    await vi.waitFor(() => expect(notify).toHaveBeenCalledWith("Moved #1 back to Ready."));
    expect(interaction.focused.get()).toBe("iss_1");
  });

  it("keeps the focus if the card is not on this board", async () => {
    listen();
    interaction.focus("iss_3");
    undo.mockResolvedValue([made(99), made(1)]);
    press("z");
    await vi.waitFor(() => expect(notify).toHaveBeenCalledWith("Moved 2 cards back."));
    expect(interaction.focused.get()).toBe("iss_3");
  });

  it("shows that there is nothing to undo", async () => {
    listen();
    undo.mockResolvedValue([]);
    press("z");
    await vi.waitFor(() => expect(notify).toHaveBeenCalledWith("There is no move to undo."));
  });

  it("is denied without the permission, without a request", async () => {
    viewer.set(READER);
    listen();
    press("z");
    await vi.waitFor(() => expect(notify).toHaveBeenCalledWith("Sign in to undo moves."));
    expect(undo).not.toHaveBeenCalled();
  });
});

it.each([
  ["/", "search"],
  ["f", "filter"],
  ["d", "display"],
  ["v", "views"],
] as const)("%s opens %s", (key, name) => {
  listen();
  expect(press(key)).toBe(true);
  expect(spies[name]).toHaveBeenCalledOnce();
});
