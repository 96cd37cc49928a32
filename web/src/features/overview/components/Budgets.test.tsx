import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { BudgetsChanged, budgetsState, type GithubBudget } from "../api/budgets.ts";
import { budget } from "../model/fixtures.ts";
import { LiveBudgets } from "./Budgets.tsx";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn() }));
const streams = vi.hoisted(
  () => new Map<unknown, { onItem: (data: unknown) => void; onStart: () => void }>(),
);
const stop = vi.hoisted(() => vi.fn());
vi.mock("@/lib/graphql/live.ts", () => ({
  follow: (stream: { document: unknown; onItem: () => void; onStart: () => void }) => {
    streams.set(stream.document, stream);
    return stop;
  },
}));

const UNREAD = { budgets: undefined, failure: undefined };

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-06-10T12:00:00.000Z"), toFake: ["Date"] });
  budgetsState.set(UNREAD);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.clearAllMocks();
});

const respond = (budgets: readonly GithubBudget[]) =>
  vi.mocked(ask).mockResolvedValue({ data: { githubBudgets: budgets } });
const fail = () =>
  vi.mocked(ask).mockResolvedValue({ failure: { code: "OFFLINE", message: "No response." } });
/** Renders the budgets, and waits for the first response. */
async function show() {
  const rendered = render(<LiveBudgets />);
  await waitFor(() => expect(budgetsState.get()).not.toBe(UNREAD));
  return rendered;
}
const stream = () => streams.get(BudgetsChanged) ?? expect.fail("no stream");
const send = (budgets: readonly GithubBudget[]) => {
  act(() => stream().onItem({ githubBudgetsChanged: budgets }));
};
const short = budget({}, { forecast: -100 });

it("shows nothing before the first request to GitHub", async () => {
  respond([]);
  const { container } = await show();
  expect(container.textContent).toBe("");
});

it("is one line while it is sufficient, and can be opened", async () => {
  respond([budget()]);
  await show();
  const line = screen.getByRole("button", { expanded: false });
  expect(line.textContent).toBe(
    "Sufficient. Spent in the last hour: 1,240 of 5,000 GraphQL points.",
  );
  expect(screen.queryByRole("list", { name: "Budgets" })).toBeNull();
  await userEvent.click(line);
  const list = within(screen.getByRole("list", { name: "Budgets" }));
  expect(list.getByRole("heading", { level: 3 }).textContent).toBe("GraphQLof octocat");
  expect(
    list.getByText(/^1,240 of 5,000 points spent in the last hour; at this pace/),
  ).toBeTruthy();
  const parts = within(list.getByRole("list", { name: "Spent in the last hour" }));
  expect(parts.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual([
    "Timed sync 900",
    "Claims and moves 300",
    "Other programs 40",
  ]);
});

it("draws the parts, the reserve and the forecast against the limit", async () => {
  respond([short]);
  const { container } = await show();
  const width = (selector: string) =>
    [...container.querySelectorAll<HTMLElement>(selector)].map(({ style }) => style.width);
  expect(width("[data-spent]")).toEqual(["18%", "6%", "0.8%"]);
  expect(width("[data-reserve]")).toEqual(["10%"]);
  const forecast = container.querySelector<HTMLElement>("[data-forecast]");
  expect(forecast?.style.left, "beyond the limit").toBe("100%");
});

it("is open while a budget is not sufficient, and says why", async () => {
  respond([short]);
  await show();
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.getByRole("status").textContent).toMatch(/^At this pace nothing is left before /);
});

it("is updated live, and loaded again when the stream starts", async () => {
  respond([budget()]);
  await show();
  send([short]);
  expect(screen.getByRole("status")).toBeTruthy();
  act(() => stream().onStart());
  await waitFor(() => expect(screen.queryByRole("status")).toBeNull());
  expect(vi.mocked(ask)).toHaveBeenCalledTimes(2);
});

it("drops a response that is older than the stream", async () => {
  let answer: (response: unknown) => void = () => expect.fail("not asked");
  vi.mocked(ask).mockReturnValue(
    new Promise((done) => {
      answer = done as typeof answer;
    }),
  );
  render(<LiveBudgets />);
  send([short]);
  answer({ data: { githubBudgets: [budget()] } });
  await new Promise((done) => setTimeout(done, 10));
  expect(screen.getByRole("status")).toBeTruthy();
});

it("shows why loading failed, keeps the budgets, and retries", async () => {
  respond([budget()]);
  await show();
  fail();
  act(() => stream().onStart());
  expect((await screen.findByRole("alert")).textContent).toContain(
    "The budget could not be loaded: No response.",
  );
  expect(screen.getByText(/1,240 of 5,000/)).toBeTruthy();
  respond([budget()]);
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(screen.queryByRole("alert")).toBeNull();
});

it("stops the stream when it is left", async () => {
  respond([]);
  const { unmount } = await show();
  unmount();
  expect(stop).toHaveBeenCalled();
});
