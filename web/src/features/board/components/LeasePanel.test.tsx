import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import type { Lease } from "../api/documents.ts";
import { requestStop, sendMessage, withdrawStop, type LeaseDetail } from "../api/leases.ts";
import { LeasePanel } from "./LeasePanel.tsx";

vi.mock("../api/leases.ts", () => ({
  release: vi.fn(),
  requestStop: vi.fn(),
  sendMessage: vi.fn(),
  withdrawStop: vi.fn(),
}));

const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

const held: Lease = {
  id: "lea_1",
  agent: "scout",
  fencingToken: "1",
  checkpoint: "CHANGES_MADE",
  renewedAt: at(-1),
  expiresAt: at(29),
  awaitingInput: null,
  releaseAt: null,
};

const detail: LeaseDetail = {
  stopRequestedAt: null,
  stopRequestedBy: null,
  stopReason: null,
  awaitingInputSince: null,
  messages: [],
};

const onChanged = vi.fn(() => Promise.resolve());
const show = (lease: Partial<Lease>, more: Partial<LeaseDetail> = {}) =>
  render(
    <LeasePanel
      lease={{ ...held, ...lease }}
      detail={{ ...detail, ...more }}
      onChanged={onChanged}
    />,
  );
const button = (name: string) => screen.queryByRole("button", { name, hidden: true });
const press = async (name: string) => {
  const element = button(name);
  if (!element) throw new Error(`no button ${name}`);
  await userEvent.click(element);
};

beforeEach(() => viewer.set(VISITOR));
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  vi.clearAllMocks();
});

it("sends an answer to the holder's question, and keeps the text if it is rejected", async () => {
  show({ awaitingInput: "Which branch?" }, { awaitingInputSince: at(-2) });
  expect(screen.getByRole("group", { name: "Question of scout" }).textContent).toContain(
    "Which branch?",
  );
  const box = screen.getByLabelText<HTMLTextAreaElement>("Answer to scout");
  vi.mocked(sendMessage).mockResolvedValue({ failure: { code: "CONFLICT", message: "Too many" } });
  await userEvent.type(box, "main");
  await press("Answer");
  expect(sendMessage).toHaveBeenCalledWith("lea_1", "main");
  expect(screen.getByRole("alert").textContent).toBe("Not sent: Too many");
  expect(box.value).toBe("main");
  expect(onChanged).not.toHaveBeenCalled();

  vi.mocked(sendMessage).mockResolvedValue({ data: {} });
  await press("Try again");
  expect(box.value).toBe("");
  expect(onChanged).toHaveBeenCalledOnce();
});

it("shows the messages to the holder, and whether each was read", () => {
  const message = { id: "1", author: "ana", body: "Use the old API", sentAt: at(-9), readAt: null };
  show(
    {},
    {
      messages: [
        { ...message, readAt: at(-5) },
        { ...message, id: "2", body: "Or not" },
      ],
    },
  );
  const [read, unread] = screen.getAllByRole("listitem");
  expect(read?.textContent).toMatch(/^anaread 5m ago9mUse the old API$/);
  expect(unread?.textContent).toMatch(/^ananot read yet9mOr not$/);
});

it("asks the holder to stop and withdraws that, and shows both before the event", async () => {
  show({});
  await press("Ask to stop");
  vi.mocked(requestStop).mockResolvedValue({
    data: { requestStop: { lease: { releaseAt: at(5) } } },
  });
  await userEvent.type(screen.getByLabelText("Why"), "Changed plans");
  const [, send] = screen.getAllByRole("button", { name: "Ask to stop", hidden: true });
  if (send) await userEvent.click(send);
  expect(requestStop).toHaveBeenCalledWith("lea_1", "Changed plans", 300);
  expect(screen.getByRole("group", { name: "scout was asked to stop" }).textContent).toMatch(
    /^Asked to stop; will be released at /,
  );
  expect(button("Ask to stop")).toBeNull();
  expect(document.activeElement).toBe(button("Let it go on"));

  vi.mocked(withdrawStop).mockResolvedValueOnce({ failure: { code: "X", message: "It is over" } });
  await press("Let it go on");
  expect(screen.getByRole("alert").textContent).toBe("Not withdrawn: It is over");
  vi.mocked(withdrawStop).mockResolvedValueOnce({ data: {} });
  await press("Let it go on");
  expect(button("Let it go on")).toBeNull();
  expect(document.activeElement).toBe(button("Ask to stop"));
});

it("shows who asked the holder to stop and why", () => {
  const stop = { stopRequestedBy: "ana", stopRequestedAt: at(-1), stopReason: "A new plan" };
  show({ releaseAt: at(4) }, stop);
  expect(screen.getByRole("group", { name: "scout was asked to stop" }).textContent).toMatch(
    /^Asked to stop by ana at .+; will be released at .+A new plan/,
  );
});

it("offers no actions without the permission or after the lease has expired", () => {
  viewer.set(READER);
  const { container } = show({ awaitingInput: "Which?", releaseAt: at(4) });
  expect(button("Let it go on")).toBeNull();
  expect(screen.queryByRole("textbox")).toBeNull();
  expect(container.textContent).toContain("Sign in to write to the holder or have it stop.");
  cleanup();

  act(() => viewer.set(VISITOR));
  show({ expiresAt: at(-1), renewedAt: at(-30) });
  expect(button("Ask to stop")).toBeNull();
  expect(screen.queryByRole("textbox")).toBeNull();
});
