import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { failed, run } from "@/lib/automationFixtures.ts";
import { RunStrip } from "./RunStrip.tsx";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-06-01T12:00:00.000Z"), toFake: ["Date"] });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const RUNS = [
  run({ id: "c", number: 3 }),
  failed({ id: "b", number: 2 }),
  run({ id: "a", number: 1 }),
];
const shown = () => document.querySelector("[aria-live]")?.textContent;

it("has a label, and the same data in a table", () => {
  render(<RunStrip name="CI" runs={RUNS} onOpen={vi.fn()} />);
  expect(screen.getByRole("img", { name: "Runs of CI: 2 succeeded, 1 failed" })).toBeTruthy();
  expect(screen.getAllByRole("row").map(({ textContent }) => textContent.slice(0, 2))).toEqual([
    "#1",
    "#2",
    "#3",
  ]);
});

it("differs in shape and not only in colour", () => {
  render(<RunStrip name="CI" runs={RUNS} onOpen={vi.fn()} />);
  const looks = new Set([...document.querySelectorAll("[data-bar]")].map((each) => each.className));
  expect(looks.size).toBe(2);
});

it("moves from run to run with the arrow keys, from the newest, and opens one with Enter", async () => {
  const onOpen = vi.fn();
  render(<RunStrip name="CI" runs={RUNS} onOpen={onOpen} />);
  await userEvent.tab();
  await userEvent.keyboard("{ArrowLeft}");
  expect(shown()).toContain("#3 · Succeeded");
  await userEvent.keyboard("{ArrowLeft}");
  expect(shown()).toContain("#2 · Failed");
  await userEvent.keyboard("{Enter}");
  expect(onOpen).toHaveBeenCalledExactlyOnceWith("b");
  await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowRight}");
  expect(shown()).toContain("#3");
  await userEvent.tab();
  expect(shown()).toBe("");
});

it("shows the run under the pointer, and opens it on a click", async () => {
  const onOpen = vi.fn();
  render(<RunStrip name="CI" runs={RUNS} onOpen={onOpen} />);
  const [oldest] = document.querySelectorAll("[data-bar]");
  fireEvent.pointerEnter(oldest?.parentElement ?? expect.fail());
  expect(shown()).toContain("#1");
  await userEvent.click(oldest ?? expect.fail());
  expect(onOpen).toHaveBeenCalledExactlyOnceWith("a");
});

it("shows at most fifty runs, and a text if there are none", () => {
  const many = Array.from({ length: 60 }, (_, index) => run({ id: String(index) }));
  render(<RunStrip name="CI" runs={many} onOpen={vi.fn()} />);
  expect(document.querySelectorAll("[data-bar]")).toHaveLength(50);
  cleanup();
  render(<RunStrip name="CI" runs={[]} onOpen={vi.fn()} />);
  expect(screen.getByText("No runs yet")).toBeTruthy();
});
