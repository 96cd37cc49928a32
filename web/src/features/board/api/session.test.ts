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
])(
  "a whole board under %j is read in the largest pages that the server allows",
  async (filter, first) => {
    const session = new BoardSession();
    session.wantAll(true);
    session.open(filter);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2), { timeout: 10_000 });
    expect(ask).toHaveBeenLastCalledWith(ColumnPageQuery, {
      filter: { ...filter, statuses: ["READY"] },
      first,
      after: "next",
    });
  },
);

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

  it("loads the board and follows it from the position of the snapshot", async () => {
    expect(session.phase.get()).toEqual({ kind: "loading" });
    expect(follow).not.toHaveBeenCalled();
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    expect(session.phase.get()).toEqual({ kind: "ready" });
    expect(position()).toBe("41");
    receive({ __typename: "IssueChanged", cursor: "42", issue: issue(1, "READY") });
    expect(position(), "a stream that was cut goes on behind the last event").toBe("42");
  });

  it("drops the answer for a filter that was left meanwhile", async () => {
    session.open({ search: "leak" });
    await requests.respond(BoardQuery, 1, board("41", [issue(2, "READY")]));
    await requests.respond(BoardQuery, 0, board("40", [issue(1, "READY")]));
    expect(ready()).toEqual(["iss_2"]);
    expect(follow).toHaveBeenCalledOnce();
  });

  it("that was closed takes no answer", async () => {
    session.close();
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    expect(ready()).toEqual([]);
    expect(follow).not.toHaveBeenCalled();
  });

  it("whose first load fails shows nothing and follows nothing", async () => {
    await requests.respond(BoardQuery, 0, NO);
    expect(session.phase.get()).toEqual({ kind: "failed", failure: NO.failure, shown: false });
    expect(follow).not.toHaveBeenCalled();
  });

  it("whose reload fails keeps the board and goes on following it", async () => {
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

  it("reloads when the stream cannot go on, by an event or by its end", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    receive({ __typename: "Resync", cursor: "50", reason: "tracked" });
    expect(requests.of(BoardQuery)).toHaveLength(2);
    await requests.respond(BoardQuery, 1, board("50", [issue(1, "READY")]));
    stream().onFailure({ message: "Too old", code: "RESYNC" });
    expect(requests.of(BoardQuery)).toHaveLength(3);
  });

  it("whose stream is refused says so and keeps the board", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(1, "READY")]));
    const failure = { message: "Sign in", code: "UNAUTHENTICATED" };
    stream().onFailure(failure);
    expect(session.phase.get()).toEqual({ kind: "failed", failure, shown: true });
    expect(requests.of(BoardQuery)).toHaveLength(1);
  });

  it("counts once after several events that may have changed counts unseen", async () => {
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

  it("still counts after a reload that came between an event and its count", async () => {
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

  it("asks for one page of a column at a time, and for none behind the last", async () => {
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

  it("asks again for a page that failed, and says so only when the board has to be whole", async () => {
    await requests.respond(BoardQuery, 0, board("41", [issue(5, "READY")], { READY: 1 }));
    void session.loadMore("READY");
    await requests.respond(ColumnPageQuery, 0, NO);
    expect(session.phase.get()).toEqual({ kind: "ready" });
    session.wantAll(true);
    expect(requests.of(ColumnPageQuery)).toHaveLength(2);
    await requests.respond(ColumnPageQuery, 1, NO);
    expect(session.phase.get()).toMatchObject({ kind: "failed", shown: true });
  });

  it("drops a page of the board before a reload, and asks for the one of the board after it", async () => {
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
