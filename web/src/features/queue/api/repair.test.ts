import { beforeEach, expect, it, vi } from "vitest";
import { auditEntry } from "@/lib/fixtures.ts";
import { change } from "@/lib/graphql/client.ts";
import type { Finding } from "./queue.ts";
import { keyOf, Repairs } from "./repair.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn(), change: vi.fn() }));

const finding = (issueId: string, ailment: Finding["ailment"]) =>
  ({ issueId, ailment, isRepairable: true }) as Finding;
const ONE = finding("iss_1", "SEVERAL_STATUSES");
const OTHER = finding("iss_1", "CLOSED_IN_PROGRESS");
const ENTRY = auditEntry();
const NO = { message: "Not now", code: "UNAVAILABLE" };

let repairs: Repairs;
beforeEach(() => {
  repairs = new Repairs();
  vi.mocked(change).mockResolvedValue({ data: { repairWork: { auditEntry: ENTRY } } });
});

const states = () => [...repairs.asked.get().values()].map(({ state }) => state);

it("a repair is pending until the response", async () => {
  const done = repairs.repair(ONE);
  expect(states()).toEqual(["under way"]);
  await done;
  expect([...repairs.asked.get().values()]).toEqual([
    { state: "done", finding: ONE, entry: ENTRY },
  ]);
});

it("a failed repair can be tried again, and is then the latest", async () => {
  vi.mocked(change).mockResolvedValueOnce({ failure: NO });
  await repairs.repair(ONE);
  await repairs.repair(OTHER);
  expect(states()).toEqual(["refused", "done"]);
  await repairs.repair(ONE);
  expect([...repairs.asked.get().keys()]).toEqual([keyOf(OTHER), keyOf(ONE)]);
  expect(states()).toEqual(["done", "done"]);
});

it("two findings of one issue are separate repairs", async () => {
  await Promise.all([repairs.repair(ONE), repairs.repair(OTHER)]);
  expect(repairs.asked.get().size).toBe(2);
});

it("the list is not mutated", async () => {
  const before = repairs.asked.get();
  await repairs.repair(ONE);
  expect(before.size).toBe(0);
});
