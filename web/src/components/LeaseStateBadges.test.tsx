import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { clockTime } from "@/lib/time.ts";
import { LeaseStateBadges } from "./LeaseStateBadges.tsx";

afterEach(cleanup);

const held = { agent: "scout", awaitingInput: null, releaseAt: null };

it("marks who waits for an answer, with the beginning of the question", () => {
  const question = `May I?\n\n${"because ".repeat(60)}`;
  render(<LeaseStateBadges lease={{ ...held, awaitingInput: question }} />);
  const { title } = screen.getByTitle(/^scout asks: May I\? because/);
  expect(title.length).toBeLessThan(220);
  expect(title.endsWith("…")).toBe(true);
});

it("marks who was asked to stop, with the time of the release", () => {
  const releaseAt = "2026-06-01T12:05:00.000Z";
  const { container } = render(<LeaseStateBadges lease={{ ...held, releaseAt }} />);
  expect(container.textContent).toBe("asked to stop");
  expect(screen.getByTitle(new RegExp(`released at ${clockTime(releaseAt)}`))).toBeTruthy();
});

it("shows nothing of others", () => {
  expect(render(<LeaseStateBadges lease={held} />).container.textContent).toBe("");
});
