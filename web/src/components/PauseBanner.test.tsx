import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PAUSED, READER, VISITOR } from "@/lib/fixtures.ts";
import { pauses, resumeWork } from "@/lib/pauses.ts";
import { clockTime } from "@/lib/time.ts";
import { viewer } from "@/lib/viewer.ts";
import { PauseBanner } from "./PauseBanner.tsx";

vi.mock("@/lib/pauses.ts", async (original) => ({
  ...(await original<typeof import("@/lib/pauses.ts")>()),
  resumeWork: vi.fn(),
  watchPauses: () => () => undefined,
}));

beforeEach(() => viewer.set(VISITOR));
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  pauses.set([]);
});

it("shows the scope, the end and the number of held issues of a pause", () => {
  const { container } = render(<PauseBanner />);
  expect(container.textContent).toBe("");
  const endsAt = new Date(Date.now() + 60_000).toISOString();
  act(() =>
    pauses.set([
      PAUSED,
      {
        ...PAUSED,
        id: "2",
        scope: "LANE",
        subject: "default",
        summary: `The lane default is paused by ana until ${endsAt}`,
        endsAt,
        stopsHolders: true,
        held: 2,
      },
    ]),
  );
  const [everything, lane] = screen.getAllByRole("listitem");
  expect(everything?.textContent).toContain(
    "Everything is paused by ana: A release · until resumed · drained",
  );
  expect(lane?.textContent).toContain(clockTime(endsAt));
  expect(lane?.textContent).toContain(" · 2 issues still held, told to stop");
  expect(lane?.textContent).not.toContain("until resumed");
  expect(screen.getByRole("button", { name: "Resume the lane default" })).toBeTruthy();
});

it("shows why a pause was not ended", async () => {
  vi.mocked(resumeWork).mockResolvedValue({ failure: { code: "X", message: "Not now" } });
  pauses.set([PAUSED]);
  render(<PauseBanner />);
  await userEvent.click(screen.getByRole("button", { name: "Resume everything" }));
  expect(resumeWork).toHaveBeenCalledWith(PAUSED.id);
  expect(screen.getByRole("alert").textContent).toBe("Not resumed: Not now");
});

it("is read-only without the permission to end a pause", () => {
  viewer.set(READER);
  pauses.set([PAUSED]);
  const { container } = render(<PauseBanner />);
  expect(container.textContent).toContain("Sign in to pause work.");
  expect(screen.queryByRole("button", { name: /^Resume/ })).toBeNull();
});
