import { cleanup, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { auditEntry, READER, SIGNED_IN } from "@/lib/fixtures.ts";
import { change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import type { Finding } from "../api/queue.ts";
import { Repairs } from "../api/repair.ts";
import { Doctor } from "./Doctor.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  change: vi.fn(),
}));

const FINDING: Finding = {
  issueId: "iss_1",
  ailment: "SEVERAL_STATUSES",
  summary: "It has two status labels.",
  detail: null,
  isRepairable: true,
  since: "2026-06-01T12:00:00.000Z",
  issue: { id: "iss_1", number: 7, title: "Leak", repository: { name: "rocket" } },
} as never;

beforeEach(() => viewer.set(SIGNED_IN));
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  vi.clearAllMocks();
});

const show = (findings: readonly Finding[], issues = findings.length) =>
  render(
    <Doctor
      doctor={{ counts: [{ ailment: "SEVERAL_STATUSES", issues }], findings: [...findings] }}
      repairs={new Repairs()}
    />,
  );
const NAME = "Repair rocket #7: Several status labels";
const repair = () => screen.queryByRole<HTMLButtonElement>("button", { name: NAME });

it("shows that there are no inconsistencies", () => {
  show([]);
  expect(screen.getByText("There are none.")).toBeTruthy();
});

it("shows the issue and the kind of each inconsistency", () => {
  show([FINDING]);
  const text = screen.getByRole("list", { name: "Inconsistencies" }).textContent;
  expect(text).toContain("Several status labels");
  expect(text).toContain("Leak");
  expect(text).toContain("It has two status labels.");
  expect(screen.queryByText("There are none.")).toBeNull();
});

it("shows the id of a deleted issue", () => {
  show([{ ...FINDING, issue: null }]);
  expect(screen.getByText("iss_1, which is gone")).toBeTruthy();
});

it("shows how many inconsistencies are not listed", () => {
  show([FINDING], 1_200);
  expect(screen.getByText(`The first 1 of ${(1_200).toLocaleString()}.`)).toBeTruthy();
  cleanup();
  show([FINDING]);
  expect(screen.queryByText(/^The first/)).toBeNull();
});

it("repairs on a press, and shows the result", async () => {
  let answer: (entry: ReturnType<typeof auditEntry>) => void = () => undefined;
  vi.mocked(change).mockReturnValue(
    new Promise((resolve) => {
      answer = (entry) => resolve({ data: { repairWork: { auditEntry: entry } } });
    }),
  );
  show([FINDING]);
  await userEvent.click(repair() ?? expect.fail("It cannot be repaired"));
  expect([repair()?.disabled, repair()?.textContent]).toEqual([true, "Repairing…"]);
  answer(
    auditEntry({ beforeLabels: ["status/ready", "status/done"], afterLabels: ["status/done"] }),
  );
  const done = within(await screen.findByRole("list", { name: "Repaired just now" }));
  expect(done.getByRole("listitem").textContent).toContain("removed status/ready");
  expect(screen.getByText("There are none.")).toBeTruthy();
});

it("shows why a repair failed, and can be tried again", async () => {
  vi.mocked(change).mockResolvedValue({ failure: { code: "X", message: "Not now" } });
  show([FINDING]);
  await userEvent.click(repair() ?? expect.fail("It cannot be repaired"));
  expect((await screen.findByRole("alert")).textContent).toBe("Not repaired: Not now");
  await userEvent.click(repair() ?? expect.fail("It cannot be repaired"));
  expect(change).toHaveBeenCalledTimes(2);
});

it("offers no repair if there is none, or without the permission", () => {
  show([{ ...FINDING, isRepairable: false }]);
  expect(repair()).toBeNull();
  cleanup();
  viewer.set(READER);
  show([FINDING]);
  expect(repair()).toBeNull();
});
