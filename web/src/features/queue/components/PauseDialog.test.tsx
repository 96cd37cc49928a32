import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PAUSED } from "@/lib/fixtures.ts";
import { pauses, pauseWork } from "@/lib/pauses.ts";
import { PauseDialog } from "./PauseDialog.tsx";

vi.mock("@/lib/pauses.ts", async (original) => ({
  ...(await original<typeof import("@/lib/pauses.ts")>()),
  pauseWork: vi.fn(),
}));

const onClose = vi.fn();

beforeEach(() => {
  render(
    <PauseDialog
      agents={["quill", "scout"]}
      lanes={[]}
      repositories={["acme/rocket"]}
      onClose={onClose}
    />,
  );
});
afterEach(() => {
  cleanup();
  pauses.set([]);
  vi.clearAllMocks();
});

const pause = () => screen.getByRole<HTMLButtonElement>("button", { name: "Pause" });

it("pauses everything for an hour by default", async () => {
  vi.mocked(pauseWork).mockResolvedValue({ data: PAUSED });
  await userEvent.click(pause());
  expect(pauseWork).toHaveBeenCalledWith({
    scope: "EVERYTHING",
    subject: null,
    stopsHolders: false,
    reason: null,
    forMinutes: 60,
  });
  expect(onClose).toHaveBeenCalledOnce();
});

it("pauses the chosen scope, and shows an error of the server", async () => {
  vi.mocked(pauseWork).mockResolvedValue({ failure: { code: "X", message: "There are 200" } });
  await userEvent.click(screen.getByRole("radio", { name: "An agent" }));
  await userEvent.selectOptions(screen.getByLabelText("Agent"), "scout");
  await userEvent.click(screen.getByRole("radio", { name: "Until resumed" }));
  await userEvent.type(screen.getByLabelText("Why"), " A release ");
  await userEvent.click(screen.getByLabelText("Tell holders to stop"));
  await userEvent.click(pause());
  expect(pauseWork).toHaveBeenCalledWith({
    scope: "AGENT",
    subject: "scout",
    stopsHolders: true,
    reason: "A release",
    forMinutes: null,
  });
  expect(screen.getByRole("alert").textContent).toBe("Not paused: There are 200");
  expect(onClose).not.toHaveBeenCalled();
});

it("does not pause an unknown scope", async () => {
  await userEvent.click(screen.getByRole("radio", { name: "A lane" }));
  expect(screen.getByText("None is known.")).toBeTruthy();
  expect(pause().disabled).toBe(true);
});

it("shows that an existing pause of the same scope will be changed", async () => {
  pauses.set([{ ...PAUSED, scope: "AGENT", subject: "Scout" }]);
  await userEvent.click(screen.getByRole("radio", { name: "An agent" }));
  expect(screen.queryByText(/is paused already/)).toBeNull();
  await userEvent.selectOptions(screen.getByLabelText("Agent"), "scout");
  expect(
    screen.getByText("The agent scout is paused already; this changes that pause."),
  ).toBeTruthy();
});
