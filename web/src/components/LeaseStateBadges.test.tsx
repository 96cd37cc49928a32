import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { clockTime } from "@/lib/time.ts";
import { LeaseStateBadges } from "./LeaseStateBadges.tsx";

afterEach(cleanup);

const held = { agent: "scout", awaitingInput: null, releaseAt: null };

it("marks a holder that waits for an answer, with the beginning of its question", () => {
  const question = `May I?\n\n${"because ".repeat(60)}`;
  render(<LeaseStateBadges lease={{ ...held, awaitingInput: question }} />);
  const { title } = screen.getByTitle(/^scout asks: May I\? because/);
  expect(title.length).toBeLessThan(220);
  expect(title.endsWith("…")).toBe(true);
});

it("marks a holder that was asked to stop, with the end of its lease", () => {
  const releaseAt = "2026-06-01T12:05:00.000Z";
  const { container } = render(<LeaseStateBadges lease={{ ...held, releaseAt }} />);
  expect(container.textContent).toBe("asked to stop");
  expect(screen.getByTitle(new RegExp(`released at ${clockTime(releaseAt)}`))).toBeTruthy();
});

it("shows nothing for other holders", () => {
  expect(render(<LeaseStateBadges lease={held} />).container.textContent).toBe("");
});
