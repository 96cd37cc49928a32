import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connection, type Connection } from "@/lib/graphql/connection.ts";
import { LiveQuery, type LiveState } from "@/lib/liveQuery.ts";
import { service } from "@/lib/service.ts";
import { clockTime } from "@/lib/time.ts";
import { LivePage } from "./LivePage.tsx";

vi.mock("@/lib/graphql/live.ts", () => ({ follow: () => () => undefined }));

const DOWN = { code: "OFFLINE", message: "Dispatch cannot be reached." };
const stop = vi.fn();
let query: LiveQuery<string>;
const open = vi.fn(() => stop);
const refresh = vi.fn(() => Promise.resolve());

beforeEach(() => {
  query = new LiveQuery<string>(() => new Promise(() => undefined));
  Object.assign(query, { open, refresh });
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
  vi.useRealTimers();
  connection.set({ state: "connecting" });
  service.set(undefined);
});

const show = (state: LiveState<string>) => {
  query.state.set(state);
  return render(
    <LivePage title="Agents" query={query} controls="The controls" banner="The banner">
      {(data) => <p>Read: {data}</p>}
    </LivePage>,
  );
};
const LOADING = { phase: "loading", data: undefined, failure: undefined } as const;

it("sends its query while it is shown", () => {
  const { unmount } = show(LOADING);
  expect(open).toHaveBeenCalledOnce();
  expect(stop).not.toHaveBeenCalled();
  unmount();
  expect(stop).toHaveBeenCalledOnce();
});

it("shows a placeholder after a delay", () => {
  vi.useFakeTimers();
  show(LOADING);
  expect(screen.queryByRole("status", { name: "Loading agents" })).toBeNull();
  act(() => void vi.advanceTimersByTime(150));
  expect(screen.getByRole("status", { name: "Loading agents" })).toBeTruthy();
  act(() => query.state.set({ phase: "ready", data: "all", failure: undefined }));
  expect(screen.queryByRole("status", { name: "Loading agents" })).toBeNull();
  expect(screen.getByText("Read: all")).toBeTruthy();
});

it("shows why loading failed, and retries", async () => {
  show({ phase: "failed", data: undefined, failure: DOWN });
  expect(screen.getByRole("alert").textContent).toContain(
    "Agents could not be loadedDispatch cannot be reached.",
  );
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(refresh).toHaveBeenCalledOnce();
});

it("keeps the data when a reload fails, and shows that it may be outdated", async () => {
  show({ phase: "failed", data: "all", failure: DOWN });
  expect(screen.getByText("Read: all")).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain(
    "This data may be outdated: Dispatch cannot be reached.",
  );
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(refresh).toHaveBeenCalledOnce();
  act(() => query.state.set({ phase: "ready", data: "all", failure: undefined }));
  expect(screen.queryByRole("alert")).toBeNull();
});

it.each([LOADING, { phase: "failed", data: undefined, failure: DOWN } as const])(
  "has its controls and its banner in every phase: $phase",
  (state) => {
    show(state);
    expect(screen.getByText("The controls")).toBeTruthy();
    expect(screen.getByText("The banner")).toBeTruthy();
  },
);

const NOON = new Date(2026, 5, 3, 12).getTime();
it.each<[Connection, string]>([
  [{ state: "connecting" }, "Connecting"],
  [{ state: "catching-up" }, "Catching up"],
  [{ state: "live" }, "Live"],
  [{ state: "stale", since: NOON }, `Stale since ${clockTime(NOON)}`],
])("shows the state of the connection: %s", (now, words) => {
  show({ phase: "ready", data: "all", failure: undefined });
  act(() => connection.set(now));
  expect(document.querySelector("[data-connection]")?.textContent).toBe(words);
});

it("shows that the data is simulated", () => {
  service.set({ simulated: true } as never);
  show({ phase: "ready", data: "all", failure: undefined });
  expect(document.querySelector("[data-connection]")?.textContent).toContain("simulated data");
});
