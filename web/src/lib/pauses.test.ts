import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PAUSED } from "./fixtures.ts";
import { ask, change } from "./graphql/client.ts";
import { follow } from "./graphql/live.ts";
import { heldWords, pauses, pauseSubject, pauseWork, resumeWork, watchPauses } from "./pauses.ts";

vi.mock("./graphql/client.ts", () => ({ ask: vi.fn(), change: vi.fn() }));
vi.mock("./graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

type Event = "Resync" | "IssueChanged";
const happens = (__typename: Event) => {
  const [stream] = vi.mocked(follow).mock.calls.at(-1) ?? [];
  stream?.onItem({ boardEvents: { __typename } });
};
const starts = () => vi.mocked(follow).mock.calls.at(-1)?.[0].onStart?.();
const other = { ...PAUSED, id: "2", scope: "AGENT" as const, subject: "quill" };

beforeEach(() => {
  vi.useFakeTimers();
  vi.mocked(ask).mockResolvedValue({ data: { pauses: [] } });
});
afterEach(async () => {
  pauses.set([]);
  // The stream of the board ends some time after the last listener has unsubscribed.
  await vi.advanceTimersByTimeAsync(60_000);
  vi.useRealTimers();
  vi.clearAllMocks();
});

it("reloads the pauses after a resync, and counts held issues while something is paused", async () => {
  const stop = watchPauses();
  starts();
  await vi.advanceTimersByTimeAsync(5_000);
  happens("IssueChanged");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ask).toHaveBeenCalledTimes(2);

  vi.mocked(ask).mockResolvedValue({ data: { pauses: [PAUSED] } });
  happens("Resync");
  await vi.advanceTimersByTimeAsync(10);
  expect(pauses.get()).toEqual([PAUSED]);
  // A `Resync` ends the stream.
  starts();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ask, "what the stream missed meanwhile").toHaveBeenCalledTimes(4);

  for (let event = 0; event < 9; event += 1) happens("IssueChanged");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ask, "nine events, one question").toHaveBeenCalledTimes(5);
  stop();
});

it("shows a pause or its end at once, and drops outdated responses", async () => {
  let answer: (value: { data: { pauses: [] } }) => void = () => undefined;
  vi.mocked(ask).mockReturnValue(new Promise((resolve) => (answer = resolve)) as never);
  const stop = watchPauses();
  vi.mocked(change).mockResolvedValue({ data: { pauseWork: { pause: other } } });
  await pauseWork({ scope: "AGENT", subject: "quill" });
  answer({ data: { pauses: [] } });
  await vi.advanceTimersByTimeAsync(10);
  expect(pauses.get()).toEqual([other]);

  vi.mocked(change).mockResolvedValue({ failure: { code: "UNAVAILABLE", message: "Not now" } });
  expect((await resumeWork("2")).failure?.message).toBe("Not now");
  expect(pauses.get()).toEqual([other]);
  vi.mocked(change).mockResolvedValue({ failure: { code: "NOT_FOUND", message: "Gone" } });
  expect((await resumeWork("2")).failure, "it has ended before").toBeUndefined();
  expect(pauses.get()).toEqual([]);
  stop();
});

it("shows the response to the latest request, in any order of arrival", async () => {
  const answers: ((value: { data: { pauses: (typeof PAUSED)[] } }) => void)[] = [];
  vi.mocked(ask).mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
  const stop = watchPauses();
  starts();
  expect(answers).toHaveLength(2);
  answers[1]?.({ data: { pauses: [PAUSED, other] } });
  await vi.advanceTimersByTimeAsync(10);
  expect(pauses.get()).toEqual([PAUSED, other]);
  answers[0]?.({ data: { pauses: [] } });
  await vi.advanceTimersByTimeAsync(10);
  expect(pauses.get()).toEqual([PAUSED, other]);
  stop();
});

it("describes the scope of a pause and the number of held issues", () => {
  expect(pauseSubject(PAUSED)).toBe("everything");
  expect(pauseSubject(other)).toBe("the agent quill");
  expect(pauseSubject({ scope: "LANE", subject: "default" })).toBe("the lane default");
  expect(pauseSubject({ scope: "REPOSITORY", subject: "acme/rocket" })).toBe("acme/rocket");
  expect([0, 1, 2].map(heldWords)).toEqual([
    "drained",
    "1 issue still held",
    "2 issues still held",
  ]);
});
