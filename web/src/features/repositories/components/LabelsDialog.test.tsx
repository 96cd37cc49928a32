import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DISPATCH_LABELS, OWN_LABELS, READER, VISITOR } from "@/lib/fixtures.ts";
import type { LabelScheme } from "@/lib/labelSchemes.ts";
import { viewer } from "@/lib/viewer.ts";
import { previewScheme, saveScheme, type Preview } from "../api/labels.ts";
import { LabelsDialog } from "./LabelsDialog.tsx";

vi.mock("../api/labels.ts", () => ({ previewScheme: vi.fn(), saveScheme: vi.fn() }));

const onClose = vi.fn();
const onSaved = vi.fn();

const NOTHING: Preview = { labels: [], changes: [], changeCount: 0 };
const REFUSED = { failure: { code: "BAD_USER_INPUT", message: "labels: `a,b` has a comma" } };

beforeEach(() => {
  vi.useFakeTimers();
  viewer.set(VISITOR);
  vi.mocked(previewScheme).mockResolvedValue({ data: NOTHING });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.clearAllMocks();
  viewer.set(undefined);
});

/** Advances the timers and waits for the effects. */
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

async function open(labelScheme: LabelScheme = DISPATCH_LABELS) {
  render(
    <LabelsDialog
      repository={{ fullName: "acme/tools", labelScheme }}
      onClose={onClose}
      onSaved={onSaved}
    />,
  );
  await pass(0);
}

const field = (name: string) => screen.getByRole<HTMLInputElement>("textbox", { name });
const type = (name: string, value: string) => fireEvent.change(field(name), { target: { value } });
const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });

/** The text that describes a field. */
const hint = (name: string) =>
  document.getElementById(field(name).getAttribute("aria-describedby") ?? "")?.textContent;

it("is filled with the current labels, and shows Dispatch's own in empty fields", async () => {
  await open(OWN_LABELS);
  expect(screen.getAllByRole("textbox")).toHaveLength(11);
  expect(field("Ready").value).toBe("Ready-for-agent");
  expect(field("High (P1)").value).toBe("P1");
  expect(field("Begin with").value).toBe("bot:");
  expect(hint("Begin with")).toBe("Agent alpha has bot:alpha.");
  expect(field("In Progress").value).toBe("");
  expect(field("In Progress").placeholder).toBe("status/in-progress");
  expect(field("Urgent (P0)").placeholder).toBe("priority/p0");
  expect(field("Begin with").placeholder).toBe("agent/");
  expect(previewScheme).toHaveBeenCalledExactlyOnceWith({
    fullName: "acme/tools",
    statuses: [{ status: "READY", label: "Ready-for-agent" }],
    priorities: [{ priority: "P1", label: "P1" }],
    agentPrefix: "bot:",
  });
  expect(button("Save").disabled, "nothing is changed").toBe(true);
});

it("requests a preview after a pause in typing, and shows it", async () => {
  await open();
  expect(screen.getByText("No issue changes.")).toBeTruthy();
  vi.mocked(previewScheme).mockClear();
  vi.mocked(previewScheme).mockResolvedValue({
    data: {
      labels: [
        { label: "status/backlog", exists: true, openIssues: 0 },
        { label: "status/ready", exists: true, openIssues: 12 },
        { label: "priority/p1", exists: true, openIssues: 1 },
        { label: "priority/p2", exists: false, openIssues: 0 },
      ],
      changes: [
        {
          issueId: "1",
          number: 3,
          title: "Title",
          before: "Backlog",
          after: "Ready, priority/p1",
        },
      ],
      changeCount: 25,
    },
  });
  type("Ready", "ready");
  await pass(200);
  type("Ready", " ready-for-agent ");
  await pass(299);
  expect(previewScheme).not.toHaveBeenCalled();
  await pass(1);
  expect(previewScheme).toHaveBeenCalledExactlyOnceWith({
    fullName: "acme/tools",
    statuses: [{ status: "READY", label: "ready-for-agent" }],
    priorities: [],
  });
  expect(hint("Backlog")).toBe("No open issue has it.");
  expect(hint("Ready")).toBe("12 open issues have it.");
  expect(hint("High (P1)")).toBe("1 open issue has it.");
  expect(hint("Medium (P2)")).toBe("Created when a change needs it.");
  expect(screen.getByText("25 issues change:")).toBeTruthy();
  const [first, more] = screen.getAllByRole("listitem");
  expect(first?.textContent).toBe("#3 Title: Backlog → Ready, priority/p1");
  expect(more?.textContent).toBe("and 24 more");

  type("Ready", "other");
  expect(hint("Ready"), "not known yet").toBe("");
  expect(hint("High (P1)")).toBe("1 open issue has it.");
});

it("drops the response for an earlier text", async () => {
  await open();
  let late: (answer: { data: Preview }) => void = () => undefined;
  vi.mocked(previewScheme).mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
  type("Done", "one");
  await pass(300);
  vi.mocked(previewScheme).mockResolvedValue({ data: { ...NOTHING, changeCount: 2 } });
  type("Done", "two");
  await pass(300);
  late({ data: { ...NOTHING, changeCount: 1 } });
  await pass(0);
  expect(screen.getByText("2 issues change:")).toBeTruthy();
});

it("shows an error of the server, and cannot be saved meanwhile", async () => {
  await open();
  vi.mocked(previewScheme).mockResolvedValue(REFUSED);
  type("Ready", "a,b");
  await pass(300);
  expect(screen.getByRole("alert").textContent).toBe(REFUSED.failure.message);
  expect(screen.queryByText("No issue changes.")).toBeNull();
  expect(button("Save").disabled).toBe(true);
  fireEvent.submit(field("Ready"));
  expect(saveScheme).not.toHaveBeenCalled();

  vi.mocked(previewScheme).mockResolvedValue({ data: NOTHING });
  type("Ready", "ab");
  await pass(300);
  expect(screen.queryByRole("alert")).toBeNull();
  expect(button("Save").disabled).toBe(false);
});

it("can be saved if the preview fails for another reason", async () => {
  await open();
  const message = "Dispatch answered with status 502.";
  vi.mocked(previewScheme).mockResolvedValue({ failure: { code: "UNAVAILABLE", message } });
  type("Ready", "ab");
  await pass(300);
  expect(screen.getByRole("alert").textContent).toBe(message);
  expect(button("Save").disabled).toBe(false);
});

it("saves only labels that differ from Dispatch's own", async () => {
  await open(OWN_LABELS);
  type("Ready", "Status/Ready");
  type("High (P1)", "");
  type("Blocked", " stuck ");
  type("Begin with", "bot: ");
  vi.mocked(saveScheme).mockResolvedValueOnce({ failure: { code: "X", message: "GitHub sleeps" } });
  fireEvent.click(button("Save"));
  await pass(0);
  expect(screen.getByRole("alert").textContent).toBe("Not saved: GitHub sleeps");
  expect(onSaved).not.toHaveBeenCalled();

  vi.mocked(saveScheme).mockResolvedValueOnce({ data: {} });
  fireEvent.click(button("Save"));
  await pass(0);
  expect(saveScheme).toHaveBeenLastCalledWith({
    fullName: "acme/tools",
    statuses: [{ status: "BLOCKED", label: "stuck" }],
    priorities: [],
    // The space at its end is part of the prefix.
    agentPrefix: "bot: ",
  });
  expect(onSaved).toHaveBeenCalledOnce();
  expect(onClose).not.toHaveBeenCalled();
});

it("clears all fields for Dispatch's own labels", async () => {
  await open(OWN_LABELS);
  fireEvent.click(button("Use Dispatch's labels"));
  for (const each of screen.getAllByRole<HTMLInputElement>("textbox")) expect(each.value).toBe("");
  vi.mocked(saveScheme).mockResolvedValueOnce({ data: {} });
  fireEvent.click(button("Save"));
  await pass(0);
  expect(saveScheme).toHaveBeenCalledWith({ fullName: "acme/tools", statuses: [], priorities: [] });
});

it("keeps the text when the session ends, and explains what to do", async () => {
  await open();
  type("Ready", "ready-for-agent");
  act(() => viewer.set(READER));
  expect(field("Ready").value).toBe("ready-for-agent");
  expect(button("Save").disabled).toBe(true);
  expect(button("Sign in to change what labels mean.")).toBeTruthy();
});
