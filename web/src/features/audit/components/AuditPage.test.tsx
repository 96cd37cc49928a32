import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { auditEntry } from "@/lib/fixtures.ts";
import { ask, type Answer } from "@/lib/graphql/client.ts";
import { follow } from "@/lib/graphql/live.ts";
import { AuditLogQuery } from "../api/log.ts";
import { AuditPage } from "./AuditPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

const DOWN = { failure: { code: "OFFLINE", message: "Dispatch cannot be reached." } } as const;

beforeEach(() => {
  // The test environment has no layout, so the list needs a height to render its rows.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
  history.replaceState(null, "", "/audit");
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
});

/** Makes the log return this response. The filter options are unknown. */
const answer = (log: Answer<unknown>) =>
  vi
    .mocked(ask)
    .mockImplementation((document) =>
      Promise.resolve((document as unknown) === AuditLogQuery ? log : DOWN),
    );
const page = (...entries: ReturnType<typeof auditEntry>[]) => ({
  data: { auditLog: { nodes: entries, pageInfo: { hasNextPage: false, endCursor: null } } },
});
const variables = () =>
  vi.mocked(ask).mock.calls.findLast(([document]) => document === AuditLogQuery)?.[1];
const lines = () => screen.getAllByRole("listitem").map(({ textContent }) => textContent);
/** Sends an entry as the server's stream does. */
const send = (entry: ReturnType<typeof auditEntry>) =>
  act(() => vi.mocked(follow).mock.lastCall?.[0].onItem({ auditEntryAdded: entry }));

describe("the log", () => {
  it("explains the empty log", async () => {
    answer(page());
    render(<AuditPage />);
    expect(await screen.findByText("Nothing has been done yet")).toBeTruthy();
  });

  it("shows why loading failed, and retries", async () => {
    answer(DOWN);
    render(<AuditPage />);
    expect((await screen.findByRole("alert")).textContent).toContain(
      "The audit log could not be readDispatch cannot be reached.",
    );
    answer(page(auditEntry()));
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("This is where it begins.")).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("shows new entries at the top", async () => {
    answer(page(auditEntry({ action: "sign_in" })));
    render(<AuditPage />);
    await screen.findByText("This is where it begins.");
    send(auditEntry({ id: "aud_2", action: "pause_work" }));
    expect(lines()).toEqual([
      expect.stringContaining("paused work"),
      expect.stringContaining("signed in"),
    ]);
  });

  it("does not show the end of the log before the first page is loaded", async () => {
    answer(DOWN);
    render(<AuditPage />);
    await screen.findByRole("alert");
    send(auditEntry({ id: "aud_2", action: "pause_work" }));
    expect(lines()).toHaveLength(1);
    expect(screen.queryByText("This is where it begins.")).toBeNull();
    expect(screen.getByRole("alert").textContent).toContain(DOWN.failure.message);
  });
});

describe("the filter", () => {
  beforeEach(() => {
    history.replaceState(null, "", "/audit?action=move_issue&outcome=failure");
    answer(page());
    render(<AuditPage />);
  });

  it("is parsed from the address, and shown in words", async () => {
    await screen.findByText("Nothing matches the filters");
    expect(variables()).toMatchObject({ action: "move_issue", success: false, actor: null });
    expect(lines()).toEqual(["Actionmoved", "OutcomeFailed"]);
  });

  it("loses a value that is removed", async () => {
    await userEvent.click(screen.getByRole("button", { name: "Remove filter Outcome Failed" }));
    expect(location.search).toBe("?action=move_issue");
    expect(variables()).toMatchObject({ action: "move_issue", success: null });
  });

  it("can be cleared if nothing matches", async () => {
    await userEvent.click(await screen.findByRole("button", { name: "Clear filters" }));
    expect(location.search).toBe("");
    expect(await screen.findByText("Nothing has been done yet")).toBeTruthy();
  });

  it("opens with f, and gets the chosen value", async () => {
    await userEvent.keyboard("f");
    await userEvent.click(screen.getByRole("option", { name: /^Done/ }));
    expect(location.search).toBe("?action=move_issue&outcome=success");
    expect(screen.queryByRole("listbox")).toBeNull();
  });
});
