import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { READER, SIGNED_IN, VISITOR } from "@/lib/fixtures.ts";
import { AssignAgent, SetPriority } from "@/lib/edits.ts";
import { change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import { Changes, SetLane, type RowIssue } from "../api/changes.ts";
import { explained } from "../model/fixtures.ts";
import { Changing } from "./Changing.tsx";
import { Ranked } from "./Ranked.tsx";
import { changeRow } from "./rows.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn(), change: vi.fn() }));

const onChanged = vi.fn(() => Promise.resolve());

beforeEach(() => {
  viewer.set(SIGNED_IN);
  vi.mocked(change).mockResolvedValue({ data: {} });
});
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  vi.clearAllMocks();
});

/** Renders a queue of one issue. */
function show(issue: Partial<RowIssue> = {}) {
  const queue = [explained(1, issue, { rank: 1 })];
  const changes = new Changes();
  const agents = [
    { name: "quill", assignedCount: 2 },
    { name: "scout", assignedCount: 0 },
  ];
  return render(
    <>
      <Ranked agent="quill" ranked={queue} withheld={0} usualLane="default" changes={changes} />
      <Changing
        changes={changes}
        queue={queue}
        agents={agents}
        lanes={["default", "backlog"]}
        onChanged={onChanged}
      />
    </>,
  );
}

const button = () => screen.queryByRole("button", { name: "Change rocket #1" });
const press = async () => {
  const found = button();
  if (!found) throw new Error("the row offers no change");
  await userEvent.click(found);
};
const options = () =>
  screen.getAllByRole("option", { hidden: true }).map((option) => option.textContent);
const choose = (name: string) =>
  userEvent.click(screen.getByRole("option", { name, hidden: true }));

it.each([
  ["Urgent priority (P0) Urgent", SetPriority, { issueId: "iss_1", priority: "P0" }],
  ["No priority", SetPriority, { issueId: "iss_1", priority: null }],
  ["backlog", SetLane, { input: { issueId: "iss_1", lane: "backlog" } }],
  ["scout 0", AssignAgent, { issueId: "iss_1", agent: "scout" }],
  ["No agent", AssignAgent, { issueId: "iss_1", agent: null }],
])("sends the chosen value: %s", async (name, mutation, variables) => {
  show({ priority: "P2", agents: ["quill"] });
  await press();
  await choose(name);
  expect(change).toHaveBeenCalledExactlyOnceWith(mutation, variables);
  expect(onChanged).toHaveBeenCalledOnce();
  expect(screen.queryByRole("alert")).toBeNull();
});

it("marks the current value, and sends nothing if it is chosen", async () => {
  show({ priority: "P2", agents: ["Quill"] });
  await press();
  const chosen = screen
    .getAllByRole("option", { hidden: true, selected: true })
    .map((option) => option.textContent);
  expect(chosen.map((text) => text.replace(/^.*\)/, ""))).toEqual(["Medium", "default", "quill2"]);
  await choose("default");
  expect(screen.queryByRole("dialog", { hidden: true })).toBeNull();
  expect(change).not.toHaveBeenCalled();
});

it("offers each of several agents", async () => {
  show({ agents: ["quill", "scout"] });
  await press();
  await choose("quill 2");
  expect(change).toHaveBeenCalledWith(AssignAgent, { issueId: "iss_1", agent: "quill" });
});

it("shows an error on the row until the next attempt", async () => {
  vi.mocked(change).mockResolvedValue({ failure: { code: "CONFLICT", message: "It is held" } });
  show();
  await press();
  await choose("scout 0");
  expect(screen.getByRole("listitem").textContent).toContain("Agent not changed: It is held");
  expect(screen.getByRole("alert")).toBeTruthy();
  expect(onChanged).not.toHaveBeenCalled();

  vi.mocked(change).mockResolvedValue({ data: {} });
  await press();
  await choose("scout 0");
  expect(screen.queryByRole("alert")).toBeNull();
});

it("is busy until the queue is reloaded", async () => {
  let read: () => void = () => undefined;
  onChanged.mockReturnValueOnce(new Promise((resolve) => (read = resolve)));
  show();
  await press();
  await choose("backlog");
  expect(button()?.getAttribute("aria-busy")).toBe("true");
  await press();
  expect(screen.queryByRole("dialog", { hidden: true }), "nothing is asked meanwhile").toBeNull();
  await act(async () => {
    read();
    await Promise.resolve();
  });
  expect(button()?.getAttribute("aria-busy")).toBe("false");
});

it("offers what the viewer may change", async () => {
  viewer.set(READER);
  const { container } = show();
  expect(button()).toBeNull();
  expect(container.textContent).toContain("Sign in to change issues.");

  act(() => viewer.set(VISITOR));
  await press();
  expect(options()).toContain("scout0");
  expect(options(), "lanes are for maintainers").not.toContain("backlog");
});

it("offers only the lane in a read-only repository", async () => {
  show({ repository: { fullName: "acme/rocket", name: "rocket", readOnlyReason: "ARCHIVED" } });
  await press();
  expect(options()).toEqual(["default", "backlog"]);
});

it("opens with a key on the focused row", () => {
  show();
  expect(changeRow(), "no row has the focus").toBe(false);
  screen.getByRole("link", { name: "Issue 1" }).focus();
  act(() => {
    expect(changeRow()).toBe(true);
  });
  expect(screen.getByRole("dialog", { name: "Change rocket #1", hidden: true })).toBeTruthy();
});
