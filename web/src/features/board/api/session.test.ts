import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { follow } from "@/lib/graphql/live.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { BoardQuery, ColumnPageQuery, CountsQuery, type BoardEvent } from "./documents.ts";
import { BoardSession } from "./session.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn() }));
vi.mock("@/lib/labelSchemes.ts", () => ({ refreshLabelSchemes: vi.fn() }));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn() }));

const unfollow = vi.fn();

beforeEach(() => {
  unfollow.mockReset();
  vi.mocked(follow).mockReset().mockReturnValue(unfollow);
  vi.mocked(ask).mockReset();
  vi.mocked(ask).mockImplementation((document) =>
    Promise.resolve({
      data:
        (document as unknown) === BoardQuery
          ? { board: snapshot([issue(1, "READY")], { READY: 9 }) }
          : { board: { columns: [] } },
    } as never),
  );
});

it.each([
  [{}, 1_000],
  // Pages are smaller with a search.
  [{ search: "leak" }, 500],
])("loads all cards under %j in pages of the maximum size", async (filter, first) => {
  const session = new BoardSession();
  session.wantAll(true);
  session.open(filter);
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2), { timeout: 10_000 });
  expect(ask).toHaveBeenLastCalledWith(ColumnPageQuery, {
    filter: { ...filter, statuses: ["READY"] },
    first,
    after: "next",
  });
});

/** The subscription that was started last. */
const stream = () => vi.mocked(follow).mock.calls.at(-1)?.[0] ?? expect.fail("Nothing is followed");
const receive = (event: BoardEvent) => stream().onItem({ boardEvents: event });
/** The position at which the stream would resume now. */
const position = () => (stream().variables() as { after: string | null }).after;

/** The requests without a response, by document. */
function hold() {
  const waiting: { document: unknown; respond: (answer: object) => void }[] = [];
  vi.mocked(ask).mockImplementation(
    (document) =>
      new Promise((resolve) => waiting.push({ document, respond: resolve as () => void })),
  );
  return {
    /** The requests of a document, oldest first. */
    of: (document: unknown) => waiting.filter((each) => each.document === document),
    /** Responds, and waits until the session has handled it. */
    respond: async (document: unknown, at: number, answer: object) => {
      const sent = waiting.filter((each) => each.document === document);
      (sent[at] ?? expect.fail(`There is no request ${at}`)).respond(answer);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

const board = (asOf: string, ...more: Parameters<typeof snapshot>) => ({
  data: { board: { ...snapshot(...more), asOf } },
});
const page = (...numbers: number[]) => ({
  data: {
    board: {
      columns: [
        {
          status: "READY",
          issues: {
            nodes: numbers.map((number) => issue(number, "READY")),
            pageInfo: { hasNextPage: false, endCursor: null },
          },
        },
      ],
    },
  },
});
const NO = { failure: { message: "Not now", code: "UNAVAILABLE" } };
const unknownRemoved = (cursor: string) =>
  ({ __typename: "IssueRemoved", cursor, issueId: "iss_unknown" }) as const;

describe("a session", () => {
  let session: BoardSession;
  let requests: ReturnType<typeof hold>;
  beforeEach(() => {
    vi.useFakeTimers();
    requests = hold();
    session = new BoardSession();
    session.open({});
  });
  afterEach(() => {
    session.close();
    vi.useRealTimers();
  });
  const ready = () => session.store.column("READY").ids;

  it("loads the board and follows the stream from the position of the snapshot", async () => {
    expect(session.phase.get()).toEqual({ kind: "loading" });
    expect(follow).not.toHaveBeenCalled();
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    expect(session.phase.get()).toEqual({ kind: "ready" });
    expect(position()).toBe("41");
    receive({ __typename: "IssueChanged", cursor: "42", issue: issue(1, "READY") });
    expect(position(), "a stream that was cut goes on behind the last event").toBe("42");
  });

  it("drops the response for a previous filter", async () => {
    session.open({ search: "leak" });
    await requests.respond(BoardQuery, 1, board("41", [issue(2, "READY")]));
    await requests.respond(BoardQuery, 0, board("40", [issue(1, "READY")]));
    expect(ready()).toEqual(["iss_2"]);
    expect(follow).toHaveBeenCalledOnce();
  });

  it("ignores a response after it was closed", async () => {
    session.close();
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    expect(ready()).toEqual([]);
    expect(follow).not.toHaveBeenCalled();
  });

  it("shows nothing and follows no stream if the first load fails", async () => {
    await requests.respond(BoardQuery, 0, NO);
    expect(session.phase.get()).toEqual({ kind: "failed", failure: NO.failure, shown: false });
    expect(follow).not.toHaveBeenCalled();
  });

  it("keeps the board up to date if a reload fails", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    void session.reload();
    expect(unfollow).toHaveBeenCalledOnce();
    expect(session.phase.get()).toEqual({ kind: "reloading" });
    await requests.respond(BoardQuery, 1, NO);
    expect(session.phase.get()).toEqual({ kind: "failed", failure: NO.failure, shown: true });
    expect(ready()).toEqual(["iss_1"]);
    expect(follow).toHaveBeenCalledTimes(2);
    expect(position()).toBe("41");
  });

  it("reloads when the stream cannot continue, by an event or by its end", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    receive({ __typename: "Resync", cursor: "50", reason: "tracked" });
    expect(requests.of(BoardQuery)).toHaveLength(2);
    await requests.respond(BoardQuery, 1, board("50", [issue(1, "READY")]));
    stream().onFailure({ message: "Too old", code: "RESYNC" });
    expect(requests.of(BoardQuery)).toHaveLength(3);
  });

  it("keeps the board when the subscription is rejected, and shows the error", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    const failure = { message: "Sign in", code: "UNAUTHENTICATED" };
    stream().onFailure(failure);
    expect(session.phase.get()).toEqual({ kind: "failed", failure, shown: true });
    expect(requests.of(BoardQuery)).toHaveLength(1);
  });

  it("requests the counts once after several events of cards that are not loaded", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")], { READY: 9 }));
    receive(unknownRemoved("42"));
    receive(unknownRemoved("43"));
    expect(requests.of(CountsQuery)).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests.of(CountsQuery)).toHaveLength(1);
    await requests.respond(CountsQuery, 0, {
      data: { board: { columns: [{ status: "READY", totalCount: 8 }] } },
    });
    expect(session.store.column("READY").totalCount).toBe(8);
  });

  it("still requests the counts after a reload between an event and its request", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    receive(unknownRemoved("42"));
    void session.reload();
    await requests.respond(BoardQuery, 1, board("43", [issue(1, "READY")]));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests.of(CountsQuery), "the snapshot has the counts").toHaveLength(0);
    receive(unknownRemoved("44"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests.of(CountsQuery)).toHaveLength(1);
  });

  it("requests one page of a column at a time, and none after the last", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(5, "READY")], { READY: 1 }));
    void session.loadMore("READY");
    void session.loadMore("READY");
    void session.loadMore("DONE");
    expect(requests.of(ColumnPageQuery)).toHaveLength(1);
    await requests.respond(ColumnPageQuery, 0, page(4));
    expect(ready()).toEqual(["iss_5", "iss_4"]);
    void session.loadMore("READY");
    expect(requests.of(ColumnPageQuery)).toHaveLength(1);
  });

  it("requests a failed page again, and shows the error only if all cards are needed", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(5, "READY")], { READY: 1 }));
    void session.loadMore("READY");
    await requests.respond(ColumnPageQuery, 0, NO);
    expect(session.phase.get()).toEqual({ kind: "ready" });
    session.wantAll(true);
    expect(requests.of(ColumnPageQuery)).toHaveLength(2);
    await requests.respond(ColumnPageQuery, 1, NO);
    expect(session.phase.get()).toMatchObject({ kind: "failed", shown: true });
  });

  it("drops a page that was requested before a reload, and requests it again", async () => {
    session.wantAll(true);
    await requests.respond(BoardQuery, 0, board("41", [issue(5, "READY")], { READY: 1 }));
    expect(requests.of(ColumnPageQuery)).toHaveLength(1);
    void session.reload();
    await requests.respond(BoardQuery, 1, board("42", [issue(6, "READY")], { READY: 1 }));
    expect(requests.of(ColumnPageQuery), "the first is still on its way").toHaveLength(2);
    await requests.respond(ColumnPageQuery, 0, page(4));
    expect(ready(), "it followed another snapshot").toEqual(["iss_6"]);
    void session.loadMore("READY");
    expect(requests.of(ColumnPageQuery), "the second is on its way").toHaveLength(2);
    await requests.respond(ColumnPageQuery, 1, page(5));
    expect(ready()).toEqual(["iss_6", "iss_5"]);
  });
});
