import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { announce, Notices, notify } from "./Notices.tsx";

const pass = (milliseconds: number) => act(() => void vi.advanceTimersByTime(milliseconds));
const shown = () => screen.getByRole("status").textContent;

beforeEach(() => {
  vi.useFakeTimers();
  render(<Notices />);
});
afterEach(() => {
  pass(6_000);
  cleanup();
  vi.useRealTimers();
});

it("shows a notice for six seconds", () => {
  expect(shown()).toBe("");
  act(() => notify("The link is copied."));
  expect(shown()).toBe("The link is copied.");
  pass(5_999);
  expect(shown()).toBe("The link is copied.");
  pass(1);
  expect(shown()).toBe("");
});

it("shows a newer notice for the full time", () => {
  act(() => notify("One"));
  pass(5_000);
  act(() => notify("Two"));
  expect(shown()).toBe("Two");
  pass(5_000);
  expect(shown()).toBe("Two");
});

it("shows an equal notice for the full time again", () => {
  act(() => notify("One"));
  pass(5_000);
  act(() => notify("One"));
  pass(5_000);
  expect(shown()).toBe("One");
});

it("closes with its button", () => {
  act(() => notify("One", "danger"));
  act(() => screen.getByRole("button", { name: "Dismiss" }).click());
  expect(shown()).toBe("");
});

it("announces a text to screen readers without showing it", () => {
  act(() => announce("Over Ready."));
  expect(shown()).toBe("");
  expect(document.querySelector("[aria-live=assertive]")?.textContent).toBe("Over Ready.");
});
