import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { workflow } from "../model/fixtures.ts";
import { SuccessOverTime } from "./SuccessOverTime.tsx";

afterEach(cleanup);

const DAYS = Array.from({ length: 36 }, (_, index) => ({
  day: new Date(Date.UTC(2026, 3, 27 + index)).toISOString().slice(0, 10),
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  averageDuration: null,
}));
const withRuns = DAYS.map((day, index) => ({
  ...day,
  ...(index === 0 && { succeeded: 3, failed: 1 }),
  ...(index === 35 && { succeeded: 1, failed: 1, cancelled: 2 }),
}));
const rates = () => screen.getByRole("img", { name: "Success rate of CI, over 7 days each" });

it("shows that there were no runs", () => {
  render(<SuccessOverTime workflow={workflow({ days: DAYS })} />);
  expect(screen.getByText("No run has completed in the last 30 days.")).toBeTruthy();
});

it("draws a rate for each stretch of days with runs", () => {
  render(<SuccessOverTime workflow={workflow({ days: withRuns })} />);
  expect(rates().querySelectorAll("circle"), "one day, between days without runs").toHaveLength(2);
  expect(rates().querySelectorAll("[data-rate]")).toHaveLength(0);
  cleanup();
  const busy = DAYS.map((day) => ({ ...day, succeeded: 1 }));
  render(<SuccessOverTime workflow={workflow({ days: busy })} />);
  expect(rates().querySelectorAll("[data-rate]")).toHaveLength(1);
});

it("shows the rate of a day with its runs, and that it has none", () => {
  render(<SuccessOverTime workflow={workflow({ days: withRuns })} />);
  fireEvent.keyDown(rates(), { key: "ArrowLeft" });
  expect(screen.getByText("50 % · 1 of 2 runs in 7 days")).toBeTruthy();
  fireEvent.keyDown(rates(), { key: "ArrowLeft" });
  expect(screen.getByText("no run in these 7 days")).toBeTruthy();
});

it("has the same data in a table", () => {
  render(<SuccessOverTime workflow={workflow({ days: withRuns })} />);
  const table = screen.getByRole("table", { name: "Success rate of CI, over 7 days each" });
  const rows = within(table).getAllByRole("row");
  expect(rows).toHaveLength(31);
  expect(rows[1]?.textContent).toMatch(/75 %4$/);
  expect(rows[2]?.textContent).toMatch(/–0$/);
});
