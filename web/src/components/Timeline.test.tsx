import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Timeline, type BarKind } from "./Timeline.tsx";
import type { Bar } from "./timeline.ts";

const HOUR = 60 * 60_000;
const NOON = new Date(2026, 5, 3, 12).getTime();
const at = (hour: number) => NOON + hour * HOUR;
const bar = (id: string, from: number, to: number, kind = "good"): Bar => ({
  id,
  kind,
  from: at(from),
  to: at(to),
  subject: `rocket #${id}`,
  words: `took ${to - from} h`,
});
const KINDS: Record<string, BarKind> = {
  good: { title: "Finished", color: "green", look: "solid" },
  bad: { title: "Failed", color: "red", look: "sharp" },
};

const onOpen = vi.fn();
beforeEach(() => {
  render(
    <Timeline
      title="Work"
      span={{ from: at(-12), to: NOON }}
      rows={[
        { name: "mender", head: "mender", bars: [bar("1", -11, -10), bar("2", -3, -1, "bad")] },
        { name: "idle", head: "idle", bars: [] },
        { name: "scout", head: "scout", bars: [bar("3", -30, -10), bar("4", -4, -2)] },
      ]}
      kinds={KINDS}
      onOpen={onOpen}
    />,
  );
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
});

const picture = () => screen.getByRole("img", { name: "Work" });
const press = (key: string) => fireEvent.keyDown(picture(), { key });
const said = () => document.querySelector("[aria-live]")?.textContent;
const bars = () => [...document.querySelectorAll<HTMLElement>("[data-bar]")];

it("shows the legend until a bar is selected", () => {
  expect(said()).toBe("FinishedFailed");
});

it("moves from bar to bar with the arrow keys, and skips empty rows", () => {
  press("ArrowRight");
  expect(said()).toBe("mendertook 2 h · rocket #2");
  press("ArrowLeft");
  expect(said()).toBe("mendertook 1 h · rocket #1");
  press("ArrowRight");
  press("ArrowDown");
  expect(said(), "the nearest in time").toBe("scouttook 2 h · rocket #4");
  press("ArrowDown");
  expect(said(), "there is no row below").toBe("scouttook 2 h · rocket #4");
});

it("opens the selected bar with Enter", () => {
  press("Enter");
  expect(onOpen).not.toHaveBeenCalled();
  press("ArrowLeft");
  press("Enter");
  expect(onOpen).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id: "2" }));
});

it("shows the bar under the pointer, and opens it on a click", () => {
  const last = bars()[3] ?? expect.fail("There is no bar");
  fireEvent.pointerEnter(last);
  expect(said()).toBe("scouttook 2 h · rocket #4");
  fireEvent.click(last);
  expect(onOpen).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id: "4" }));
  fireEvent.pointerLeave(picture());
  expect(said()).toBe("FinishedFailed");
});

it("clears the selection when the focus leaves", () => {
  press("ArrowLeft");
  fireEvent.blur(picture());
  expect(said()).toBe("FinishedFailed");
});

it("cuts off a bar that begins before the span", () => {
  const [, , early] = bars();
  expect(parseFloat(early?.style.width ?? "")).toBeCloseTo(100 / 6);
});

it("has the same data in a table", () => {
  const rows = within(screen.getByRole("table", { name: "Work" })).getAllByRole("row");
  expect(rows.map((row) => row.textContent)).toEqual([
    "WhoWhatHow it went",
    "menderrocket #1took 1 h",
    "menderrocket #2took 2 h",
    "scoutrocket #3took 20 h",
    "scoutrocket #4took 2 h",
  ]);
});
