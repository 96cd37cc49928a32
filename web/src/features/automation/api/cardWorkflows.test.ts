import { buildSchema, parse, validate } from "graphql";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { operationNameOf, textOf } from "@/lib/graphql/document.ts";
import { cardWorkflow } from "../model/fixtures.ts";
import {
  CardWorkflowsLoader,
  cardWorkflowsDocument,
  MOST_REPOSITORIES,
  MOST_WORKFLOWS,
} from "./cardWorkflows.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn() }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

const repository = (id: string, workflowsCount = 1) => ({ id, automation: { workflowsCount } });
const answered = (id: string) => ({
  id,
  automation: { workflows: [cardWorkflow({ name: `CI of ${id}` })] },
});
/** Responds to each request with the workflows of its repositories. */
const respond = () =>
  vi.mocked(ask).mockImplementation((_, variables) => {
    const data = Object.fromEntries(
      Object.entries(variables).map(([name, id]) => [name, answered(String(id))]),
    );
    return Promise.resolve({ data } as never);
  });
const refuse = () =>
  vi.mocked(ask).mockResolvedValue({ failure: { code: "OFFLINE", message: "No response." } });
const asked = () => vi.mocked(ask).mock.calls.map(([, variables]) => Object.values(variables));
const wait = () => vi.advanceTimersByTimeAsync(1_000);

it.each([1, 2, MOST_REPOSITORIES])("a query for %d repositories is valid", (count) => {
  const schema = buildSchema(
    readFileSync(process.env.DISPATCH_SCHEMA ?? resolve("../schema.graphql"), "utf8"),
  );
  const text = textOf(cardWorkflowsDocument(count));
  expect(validate(schema, parse(text)).map((error) => error.message)).toEqual([]);
  expect(operationNameOf(cardWorkflowsDocument(count))).toBe("CardWorkflows");
  expect(text.match(/: node\(/g)).toHaveLength(count);
});

it("loads several repositories in one request", async () => {
  respond();
  const loader = new CardWorkflowsLoader();
  loader.show(repository("a"));
  loader.show(repository("b"));
  await wait();
  expect(asked()).toEqual([["a", "b"]]);
  expect(loader.workflows.get().get("b")?.[0]?.name).toBe("CI of b");
});

it("sends at most as many repositories as the server allows", async () => {
  respond();
  const loader = new CardWorkflowsLoader();
  for (let id = 0; id <= MOST_REPOSITORIES; id += 1) loader.show(repository(String(id)));
  await wait();
  expect(asked().map((ids) => ids.length)).toEqual([MOST_REPOSITORIES, 1]);
  expect(loader.workflows.get().size).toBe(MOST_REPOSITORIES + 1);
});

it("sends few repositories at once if they have many workflows, in the order in which they became visible", async () => {
  respond();
  const loader = new CardWorkflowsLoader();
  loader.show(repository("a", MOST_WORKFLOWS - 1));
  loader.show(repository("b", 1));
  loader.show(repository("c", MOST_WORKFLOWS + 1));
  loader.show(repository("d", 1));
  await wait();
  expect(asked()).toEqual([["a", "b"], ["c"], ["d"]]);
});

it("loads a repository again only if it has changed", async () => {
  respond();
  const loader = new CardWorkflowsLoader();
  const before = repository("a");
  loader.show(before);
  await wait();
  loader.hide("a");
  loader.show(before);
  await wait();
  expect(asked()).toHaveLength(1);
  loader.show(repository("a"));
  await wait();
  expect(asked()).toHaveLength(2);
});

it("loads a repository again that changed while it was being loaded", async () => {
  respond();
  const loader = new CardWorkflowsLoader();
  loader.show(repository("a"));
  await vi.advanceTimersToNextTimerAsync();
  loader.show(repository("a"));
  await wait();
  expect(asked()).toEqual([["a"], ["a"]]);
});

it("does not load a repository that was scrolled away before the request", async () => {
  respond();
  const loader = new CardWorkflowsLoader();
  const passing = repository("a");
  loader.show(passing);
  loader.hide("a");
  await wait();
  expect(asked()).toEqual([]);
  loader.show(passing);
  await wait();
  expect(asked(), "when it is visible again").toEqual([["a"]]);
});

it("keeps the workflows when a request fails, and repeats it on request only", async () => {
  respond();
  const loader = new CardWorkflowsLoader();
  loader.show(repository("a"));
  await wait();
  refuse();
  loader.show(repository("a"));
  await wait();
  expect(loader.failure.get()).toBe("No response.");
  expect(loader.workflows.get().has("a")).toBe(true);
  respond();
  await wait();
  expect(asked()).toHaveLength(2);
  loader.retry();
  await wait();
  expect(asked()).toHaveLength(3);
  expect(loader.failure.get()).toBeUndefined();
});

it("reports a failure as long as it concerns a visible repository", async () => {
  refuse();
  const loader = new CardWorkflowsLoader();
  loader.show(repository("a"));
  await wait();
  respond();
  loader.show(repository("b"));
  await wait();
  expect(loader.failure.get(), "another was loaded").toBe("No response.");
  loader.hide("a");
  expect(loader.failure.get()).toBeUndefined();
  loader.show(repository("a"));
  await wait();
  expect(loader.workflows.get().has("a"), "when it is visible again").toBe(true);
});

it("does not report a failure of a repository that was scrolled away", async () => {
  vi.mocked(ask).mockImplementation(async () => {
    loader.hide("a");
    return Promise.resolve({ failure: { code: "OFFLINE", message: "No response." } });
  });
  const loader = new CardWorkflowsLoader();
  loader.show(repository("a"));
  await wait();
  expect(asked()).toHaveLength(1);
  expect(loader.failure.get()).toBeUndefined();
});

it("leaves out a repository that does not exist any more", async () => {
  vi.mocked(ask).mockResolvedValue({ data: { r0: null } });
  const loader = new CardWorkflowsLoader();
  loader.show(repository("gone"));
  await wait();
  expect(loader.workflows.get().size).toBe(0);
});
