import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { change } from "@/lib/graphql/client.ts";
import { DispatchWorkflow } from "../api/control.ts";
import type { Workflow } from "../api/workflow.ts";
import { declaredInput, sibling, triggers, workflow } from "../model/fixtures.ts";
import { openBeforeEach } from "./testPage.tsx";
import { show } from "./testWorkflowPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

openBeforeEach("/automation/workflows/wfl_1");

describe("starting the workflow", () => {
  const startable = (siblings: Workflow["siblings"] = []) =>
    workflow({
      siblings,
      triggers: triggers({
        dispatch: {
          inputs: [
            declaredInput({ required: true, description: "What to release" }),
            declaredInput({ name: "level", type: "CHOICE", options: ["low", "high"] }),
            declaredInput({ name: "dry", type: "BOOLEAN", default: "true" }),
            declaredInput({ name: "count", type: "NUMBER" }),
          ],
        },
      }),
    });
  const started = (id: string, fullName: string, error: string | null = null) => ({
    error,
    workflow: { id, repository: { fullName } },
    run: error === null ? { id: `run of ${id}`, url: "https://github.com", number: 8 } : null,
  });
  const send = (...results: readonly ReturnType<typeof started>[]) =>
    vi.mocked(change).mockResolvedValue({ data: { dispatchWorkflow: { results } } });
  const asked = () =>
    vi.mocked(change).mock.calls.findLast(([document]) => document === DispatchWorkflow)?.[1];

  it("asks for its declared inputs, checks them, and links to the run", async () => {
    await show(startable());
    await userEvent.click(screen.getByRole("button", { name: "Run…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Run CI" }));
    expect(dialog.getByLabelText<HTMLInputElement>("Branch or tag").value).toBe("main");
    expect(dialog.getByRole<HTMLInputElement>("switch", { name: /dry/ }).checked).toBe(true);
    await userEvent.type(dialog.getByLabelText("count"), "many");
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(dialog.getAllByRole("alert").map(({ textContent }) => textContent)).toEqual([
      "This is required.",
      "This must be a number.",
    ]);
    expect(asked()).toBeUndefined();

    await userEvent.type(dialog.getByLabelText("version (required)"), "2.0");
    await userEvent.selectOptions(dialog.getByLabelText("level"), "high");
    await userEvent.clear(dialog.getByLabelText("count"));
    send(started("wfl_1", "acme/rocket"));
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(asked()).toEqual({
      input: {
        workflowIds: ["wfl_1"],
        ref: "main",
        inputs: [
          { name: "version", value: "2.0" },
          { name: "level", value: "high" },
          { name: "dry", value: "true" },
        ],
      },
    });
    expect((await screen.findByRole("link", { name: "Run #8" })).getAttribute("href")).toBe(
      "/automation/workflows/wfl_1?run=run%20of%20wfl_1",
    );
  });

  it("starts it in several repositories after one confirmation, and shows each result", async () => {
    await show(startable([sibling("acme/tools", { triggers: { dispatch: { inputs: [] } } })]));
    await userEvent.keyboard("r");
    const dialog = within(await screen.findByRole("dialog", { name: "Run CI" }));
    await userEvent.type(dialog.getByLabelText("version (required)"), "2.0");
    await userEvent.click(dialog.getByRole("button", { name: "All 2" }));
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(asked(), "not before it is confirmed").toBeUndefined();
    expect(dialog.getByText(/starts on main in 2 repositories at once/)).toBeTruthy();
    send(started("wfl_1", "acme/rocket"), started("wfl_2", "acme/tools", "No ref found: main"));
    await userEvent.click(dialog.getByRole("button", { name: "Run in 2 repositories" }));
    expect(asked()).toMatchObject({ input: { workflowIds: ["wfl_1", "wfl_2"] } });
    expect(await screen.findByText("Started in 1 of 2.")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toBe("No ref found: main");
  });

  it("rejects an invalid ref", async () => {
    await show(workflow());
    await userEvent.keyboard("r");
    const dialog = within(await screen.findByRole("dialog", { name: "Run CI" }));
    await userEvent.clear(dialog.getByLabelText("Branch or tag"));
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(dialog.getByRole("alert").textContent).toBe("A branch or tag is required.");
  });
});
