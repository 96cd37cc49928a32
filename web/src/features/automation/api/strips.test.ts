import { buildSchema, parse, validate } from "graphql";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { run } from "@/lib/automationFixtures.ts";
import { ask } from "@/lib/graphql/client.ts";
import { operationNameOf, textOf } from "@/lib/graphql/document.ts";
import { MOST_AT_ONCE, RunStrips, stripsDocument } from "./strips.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn() }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

const repository = (id: string) => ({ id });
const answered = (id: string) => ({
  id,
  automation: { workflows: [{ id: `w ${id}`, recentRuns: [run({ id: `run of ${id}` })] }] },
});
/** Responds to each request with the runs of its repositories. */
const respond = () =>
  vi.mocked(ask).mockImplementation((_, variables) => {
    const data = Object.fromEntries(
      Object.entries(variables).map(([name, id]) => [name, answered(String(id))]),
    );
    return Promise.resolve({ data } as never);
  });
const asked = () => vi.mocked(ask).mock.calls.map(([, variables]) => Object.values(variables));
const wait = () => vi.advanceTimersByTimeAsync(1_000);

it.each([1, 2, MOST_AT_ONCE])("a query for %d repositories is valid", (count) => {
  const schema = buildSchema(
    readFileSync(process.env.DISPATCH_SCHEMA ?? resolve("../schema.graphql"), "utf8"),
  );
  const text = textOf(stripsDocument(count));
  expect(validate(schema, parse(text)).map((error) => error.message)).toEqual([]);
  expect(operationNameOf(stripsDocument(count))).toBe("RunStrips");
  expect(text.match(/: node\(/g)).toHaveLength(count);
});

it("loads several repositories in one request", async () => {
  respond();
  const strips = new RunStrips();
  strips.request(repository("a"));
  strips.request(repository("b"));
  await wait();
  expect(asked()).toEqual([["a", "b"]]);
  expect(strips.runs.get().get("b")?.get("w b")?.[0]?.id).toBe("run of b");
});

it("sends at most as many repositories as the server allows", async () => {
  respond();
  const strips = new RunStrips();
  for (let id = 0; id <= MOST_AT_ONCE; id += 1) strips.request(repository(String(id)));
  await wait();
  expect(asked().map((ids) => ids.length)).toEqual([MOST_AT_ONCE, 1]);
  expect(strips.runs.get().size).toBe(MOST_AT_ONCE + 1);
});

it("loads a repository again only if it has changed", async () => {
  respond();
  const strips = new RunStrips();
  const before = repository("a");
  strips.request(before);
  await wait();
  strips.request(before);
  await wait();
  expect(asked()).toHaveLength(1);
  strips.request(repository("a"));
  await wait();
  expect(asked()).toHaveLength(2);
});

it("does not load a repository that was scrolled away before the request", async () => {
  respond();
  const strips = new RunStrips();
  const passing = repository("a");
  strips.request(passing);
  strips.withdraw("a");
  await wait();
  expect(asked()).toEqual([]);
  strips.request(passing);
  await wait();
  expect(asked(), "when it is visible again").toEqual([["a"]]);
});

it("keeps the runs when a request fails, and can load them again", async () => {
  respond();
  const strips = new RunStrips();
  strips.request(repository("a"));
  await wait();
  const changed = repository("a");
  vi.mocked(ask).mockResolvedValue({ failure: { code: "OFFLINE", message: "No response." } });
  strips.request(changed);
  await wait();
  expect(strips.failure.get()).toBe("No response.");
  expect(strips.runs.get().has("a")).toBe(true);
  respond();
  strips.request(changed);
  await wait();
  expect(strips.failure.get()).toBeUndefined();
});

it("leaves out a repository that does not exist any more", async () => {
  vi.mocked(ask).mockResolvedValue({ data: { r0: null } });
  const strips = new RunStrips();
  strips.request(repository("gone"));
  await wait();
  expect(strips.runs.get().size).toBe(0);
});
