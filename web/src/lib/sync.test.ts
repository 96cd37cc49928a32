import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ask } from "./graphql/client.ts";
import { follow } from "./graphql/live.ts";
import { syncState, watchSync, type SyncState } from "./sync.ts";

vi.mock("./graphql/client.ts", () => ({ ask: vi.fn() }));
vi.mock("./graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

const withIssues = (issuesCount: number): SyncState => ({
  repositoriesCount: 1,
  failingCount: 0,
  issuesCount,
  lastGoodSyncAt: null,
  running: null,
  unansweredSince: null,
});

let answers: ((issuesCount: number) => void)[];
let stop: () => void;
const stream = () => vi.mocked(follow).mock.calls.at(-1)?.[0] ?? expect.fail("Nobody follows");
const answer = async (request: number, issuesCount: number) => {
  answers[request]?.(issuesCount);
  await new Promise((resolve) => setTimeout(resolve));
};
const shown = () => syncState.get()?.issuesCount;

beforeEach(() => {
  answers = [];
  syncState.set(undefined);
  vi.mocked(ask).mockImplementation(
    () =>
      new Promise((resolve) =>
        answers.push((issuesCount) => resolve({ data: { syncState: withIssues(issuesCount) } })),
      ),
  );
  stop = watchSync();
});
afterEach(() => {
  stop();
  vi.clearAllMocks();
});

it("loads the state at once, and again when the stream has started", async () => {
  await answer(0, 1);
  expect(shown()).toBe(1);
  stream().onStart?.();
  await answer(1, 2);
  expect(shown()).toBe(2);
});

it("drops outdated responses, also those that are older than the stream", async () => {
  stream().onStart?.();
  await answer(1, 2);
  await answer(0, 1);
  expect(shown()).toBe(2);

  stream().onStart?.();
  stream().onItem({ syncChanged: withIssues(4) });
  await answer(2, 3);
  expect(shown()).toBe(4);
});
