import { beforeEach, describe, expect, it, vi } from "vitest";
import { auditEntry } from "@/lib/fixtures.ts";
import { ask } from "@/lib/graphql/client.ts";
import { follow } from "@/lib/graphql/live.ts";
import { EMPTY_FILTER, type AuditFilter } from "../model/filter.ts";
import { admits, auditFeed, type AuditEntry } from "./log.ts";
import { optionsOf } from "./options.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn() }));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

const entry = (changes: Partial<AuditEntry> = {}): AuditEntry =>
  auditEntry({
    actor: "quill",
    actorKind: "AGENT",
    issue: { id: "iss_1", title: "Leak", agents: ["Mender"] },
    ...changes,
  });

describe("a new entry matches", () => {
  const shown = (filter: Partial<AuditFilter>, changes?: Partial<AuditEntry>) =>
    admits({ ...EMPTY_FILTER, ...filter }, entry(changes));

  it("without a filter", () => {
    expect(shown({})).toBe(true);
  });

  it("by the exact actor and action", () => {
    expect(shown({ actor: "quill", action: "move_issue" })).toBe(true);
    expect(shown({ actor: "Quill" })).toBe(false);
    expect(shown({ actor: "quill", action: "claim_issue" })).toBe(false);
  });

  it("by the outcome", () => {
    expect(shown({ outcome: "success" })).toBe(true);
    expect(shown({ outcome: "failure" })).toBe(false);
    expect(shown({ outcome: "failure" }, { success: false })).toBe(true);
  });

  it("by the agent that did it or has the issue, in any case", () => {
    expect(shown({ agent: "QUILL" })).toBe(true);
    expect(shown({ agent: "mender" })).toBe(true);
    expect(shown({ agent: "scout" })).toBe(false);
    expect(shown({ agent: "mender" }, { issue: null })).toBe(false);
  });
});

describe("the log", () => {
  beforeEach(() => vi.clearAllMocks());

  it("requests the next page after the last one, and none at the end", async () => {
    const answer = (id: string, endCursor: string | null, hasNextPage: boolean) =>
      ({
        data: { auditLog: { nodes: [entry({ id })], pageInfo: { endCursor, hasNextPage } } },
      }) as never;
    vi.mocked(ask).mockResolvedValueOnce(answer("aud_2", "2", true));
    vi.mocked(ask).mockResolvedValueOnce(answer("aud_1", "1", false));
    const feed = auditFeed({ ...EMPTY_FILTER, actor: "quill" });
    feed.open();
    await vi.waitFor(() => expect(feed.state.get().phase).toBe("ready"));
    expect(vi.mocked(ask).mock.lastCall?.[1]).toMatchObject({ actor: "quill", after: null });
    await feed.readMore();
    expect(vi.mocked(ask).mock.lastCall?.[1]).toMatchObject({ actor: "quill", after: "2" });
    expect(feed.state.get()).toMatchObject({ hasMore: false });
    expect(feed.state.get().items.map(({ id }) => id)).toEqual(["aud_2", "aud_1"]);
  });

  it("shows the entries of the stream that match the filter", () => {
    vi.mocked(ask).mockReturnValue(new Promise(() => undefined));
    const feed = auditFeed({ ...EMPTY_FILTER, repository: "acme/rocket", outcome: "failure" });
    feed.open();
    const stream = vi.mocked(follow).mock.lastCall?.[0] ?? expect.fail("Nothing is followed");
    expect(stream.variables()).toEqual({ repository: "acme/rocket" });
    stream.onItem({ auditEntryAdded: entry({ id: "aud_3" }) });
    stream.onItem({ auditEntryAdded: entry({ id: "aud_4", success: false }) });
    expect(feed.state.get().items.map(({ id }) => id)).toEqual(["aud_4"]);
  });
});

describe("the options", () => {
  it("are the values of the server, and always both outcomes", () => {
    const options = optionsOf({ actor: [{ value: "quill", entries: 3 }] }, EMPTY_FILTER);
    expect(options).toEqual([
      { facet: "actor", value: "quill", entries: 3 },
      { facet: "outcome", value: "success", entries: undefined },
      { facet: "outcome", value: "failure", entries: undefined },
    ]);
  });

  it("have the chosen value once, even if the server does not offer it", () => {
    const offered = { actor: [{ value: "quill", entries: 3 }] };
    const values = (actor: string) =>
      optionsOf(offered, { ...EMPTY_FILTER, actor })
        .filter(({ facet }) => facet === "actor")
        .map(({ value, entries }) => [value, entries]);
    expect(values("quill")).toEqual([["quill", 3]]);
    expect(values("gone")).toEqual([
      ["quill", 3],
      ["gone", undefined],
    ]);
  });
});
