import { beforeEach, expect, it, vi } from "vitest";
import { VISITOR } from "@/lib/fixtures.ts";
import { AssignAgent, SetPriority } from "@/lib/edits.ts";
import { change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { BoardStore } from "../model/store.ts";
import { edit } from "./edits.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn(), change: vi.fn() }));

const NO = { message: "Not now", code: "UNAVAILABLE" };
let store: BoardStore;

beforeEach(() => {
  viewer.set(VISITOR);
  vi.mocked(change).mockReset().mockResolvedValue({ data: {} });
  const repository = { fullName: "acme/old", name: "old", readOnlyReason: "ARCHIVED" } as const;
  store = new BoardStore();
  store.load(snapshot([issue(1, "READY"), issue(2, "READY", { repository }), issue(3, "READY")]));
});

it("sends one change at a time, in order, without issues that cannot be changed", async () => {
  const responses: (() => void)[] = [];
  vi.mocked(change).mockImplementation(
    () => new Promise((resolve) => responses.push(() => resolve({ data: {} }))),
  );
  const done = edit(store, ["iss_1", "iss_2", "iss_3"], { kind: "agent", value: "quill" });
  expect(change).toHaveBeenCalledExactlyOnceWith(AssignAgent, { issueId: "iss_1", agent: "quill" });
  responses[0]?.();
  await vi.waitFor(() => expect(change).toHaveBeenCalledTimes(2));
  expect(change).toHaveBeenLastCalledWith(AssignAgent, { issueId: "iss_3", agent: "quill" });
  responses[1]?.();
  await done;
  expect(change).toHaveBeenCalledTimes(2);
});

it("shows a rejected change on its card, and continues with the others", async () => {
  vi.mocked(change).mockResolvedValueOnce({ failure: NO });
  await edit(store, ["iss_1", "iss_3"], { kind: "priority", value: null });
  expect(store.card("iss_1")?.refusal).toEqual({
    attempt: "The priority was not changed",
    failure: NO,
  });
  expect(store.card("iss_3")?.refusal).toBeUndefined();
  expect(change).toHaveBeenLastCalledWith(SetPriority, { issueId: "iss_3", priority: null });
});

it("sends a change of a card that is not loaded", async () => {
  await edit(store, ["iss_99"], { kind: "agent", value: null });
  expect(change).toHaveBeenCalledExactlyOnceWith(AssignAgent, { issueId: "iss_99", agent: null });
});
