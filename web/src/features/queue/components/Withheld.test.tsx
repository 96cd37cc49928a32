import { cleanup, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FAILED, PAUSED, READER, VISITOR } from "@/lib/fixtures.ts";
import { pauses } from "@/lib/pauses.ts";
import { retryIssue } from "@/lib/retry.ts";
import { viewer } from "@/lib/viewer.ts";
import { Changes } from "../api/changes.ts";
import type { Explained } from "../api/queue.ts";
import { explained } from "../model/fixtures.ts";
import { Limits } from "./Limits.tsx";
import { Ranked } from "./Ranked.tsx";
import { Withheld } from "./Withheld.tsx";

vi.mock("@/lib/retry.ts", () => ({ retryIssue: vi.fn() }));

const onRetried = vi.fn(() => Promise.resolve());
const SHARED = { usualLane: "default", changes: new Changes(), onRetried };

beforeEach(() => viewer.set(VISITOR));
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  pauses.set([]);
  vi.clearAllMocks();
});

const withheld = (number: number, ...skipReasons: Explained["skipReasons"]) =>
  explained(number, {}, { skipReasons });
const show = (...rows: readonly Explained[]) => render(<Withheld withheld={rows} {...SHARED} />);
const titles = () =>
  within(screen.getByRole("list", { name: "Withheld issues" }))
    .getAllByRole("link")
    .map(({ textContent }) => textContent);
const reason = (name: RegExp) => screen.getByRole("button", { name });

it("shows that nothing is withheld", () => {
  show();
  expect(screen.getByText("No issue is withheld.")).toBeTruthy();
});

describe("the reasons", () => {
  it("filter the list, and can be switched off", async () => {
    show(withheld(1, "NOT_READY"), withheld(2, "LEASED"), withheld(3, "NOT_READY", "LEASED"));
    await userEvent.click(reason(/^not ready ?2$/));
    expect(titles()).toEqual(["Issue 1", "Issue 3"]);
    expect(reason(/^not ready/).getAttribute("aria-pressed")).toBe("true");
    await userEvent.click(reason(/^not ready/));
    expect(titles()).toEqual(["Issue 1", "Issue 2", "Issue 3"]);
  });

  it("are not offered if there is only one", () => {
    show(withheld(1, "NOT_READY"));
    expect(screen.queryByRole("list", { name: "Reasons" })).toBeNull();
  });

  it("are switched off when no issue has them any more", async () => {
    const { rerender } = show(withheld(1, "NOT_READY"), withheld(2, "LEASED"));
    await userEvent.click(reason(/^held by an agent/));
    expect(titles()).toEqual(["Issue 2"]);
    rerender(<Withheld withheld={[withheld(1, "NOT_READY"), withheld(2, "CLOSED")]} {...SHARED} />);
    expect(titles()).toEqual(["Issue 1", "Issue 2"]);
  });
});

it("shows twelve issues, and the others on request", async () => {
  show(...Array.from({ length: 15 }, (_, index) => withheld(index, "NOT_READY")));
  expect(titles()).toHaveLength(12);
  await userEvent.click(screen.getByRole("button", { name: "Show 3 more" }));
  expect(titles()).toHaveLength(15);
  expect(screen.queryByRole("button", { name: /^Show/ })).toBeNull();
});

it("shows a pause once, above the issues that are withheld because of it", () => {
  pauses.set([PAUSED]);
  const paused = (number: number) =>
    explained(
      number,
      {},
      {
        skipReasons: ["PAUSED"],
        summary: "The issue is not served, because everything is paused by ana: A release.",
      },
    );
  show(paused(1), paused(2));
  expect(screen.getAllByText(/paused by ana/)).toHaveLength(1);
  expect(screen.getAllByText("The issue is paused.")).toHaveLength(2);
});

describe("an issue in back-off", () => {
  const failed = () => explained(1, { backoff: FAILED }, { skipReasons: ["BACKING_OFF"] });
  const retry = () => screen.queryByRole<HTMLButtonElement>("button", { name: "Retry rocket #1" });

  it("can be retried, and again only after the queue is reloaded", async () => {
    let read: () => void = () => undefined;
    onRetried.mockReturnValueOnce(new Promise<void>((resolve) => (read = resolve)));
    vi.mocked(retryIssue).mockResolvedValue({ data: {} });
    show(failed());
    await userEvent.click(retry() ?? expect.fail("It cannot be retried"));
    expect(retryIssue).toHaveBeenCalledExactlyOnceWith("iss_1");
    expect(onRetried).toHaveBeenCalledOnce();
    expect([retry()?.disabled, retry()?.textContent]).toEqual([true, "Retrying…"]);
    read();
    await vi.waitFor(() => expect(retry()?.disabled).toBe(false));
  });

  it("shows why the retry failed", async () => {
    vi.mocked(retryIssue).mockResolvedValue({ failure: { code: "X", message: "It is held" } });
    show(failed());
    await userEvent.click(retry() ?? expect.fail("It cannot be retried"));
    expect(screen.getByRole("alert").textContent).toBe("Not retried: It is held");
    expect(onRetried).not.toHaveBeenCalled();
  });

  it("cannot be retried without the permission, or for another reason", () => {
    viewer.set(READER);
    show(failed());
    expect(retry()).toBeNull();
    cleanup();
    viewer.set(VISITOR);
    show(withheld(1, "NOT_READY"));
    expect(retry()).toBeNull();
  });
});

describe("the eligible issues", () => {
  const ranked = (count: number) =>
    Array.from({ length: count }, (_, index) => explained(index + 1, {}, { rank: index + 1 }));
  const next = (issues: readonly Explained[], kept = 0) =>
    render(<Ranked agent="scout" ranked={issues} withheld={kept} {...SHARED} />);

  it("are in order, each with the reason for its rank", () => {
    next(ranked(2));
    const rows = within(screen.getByRole("list", { name: "Next for scout" })).getAllByRole(
      "listitem",
    );
    expect(rows.map(({ textContent }) => textContent.replace(/\s/g, ""))).toEqual([
      expect.stringMatching(/^1.*Issue1.*nopriority,ready$/),
      expect.stringMatching(/^2.*Issue2.*nopriority,ready$/),
    ]);
  });

  it("have a text if there are none", () => {
    next([]);
    expect(screen.getByText(/^There are no issues/)).toBeTruthy();
    cleanup();
    next([], 3);
    expect(screen.getByText(/^No issue is eligible/)).toBeTruthy();
  });

  it("are counted up to the number that the server sends", () => {
    next(ranked(2));
    expect(screen.getByRole("heading").parentElement?.textContent).toBe("Next for scout2");
    cleanup();
    next(ranked(50));
    expect(screen.getByRole("heading").parentElement?.textContent).toBe("Next for scoutfirst 50");
  });
});

describe("the limits", () => {
  const limits = (perAgent: number | null, perRepository: number | null) => ({
    held: 3,
    lanes: [{ lane: "default", issues: 3, limit: 4 }],
    perAgent,
    perRepository,
    waitingForHuman: { issues: 1, limit: null },
  });

  it.each([
    [1, 2, "At most 1 lease for each agent, 2 leases in each repository."],
    [null, 2, "At most 2 leases in each repository."],
    [0, null, "At most 0 leases for each agent."],
  ])("are shown for %s per agent and %s per repository", (perAgent, perRepository, words) => {
    render(<Limits limits={limits(perAgent, perRepository)} />);
    expect(screen.getByText(/^At most/).textContent).toBe(words);
  });

  it("are hidden if there are none", () => {
    render(<Limits limits={limits(null, null)} />);
    expect(screen.queryByText(/^At most/)).toBeNull();
  });
});
