import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { Comments, IssueComment } from "../api/conversation.ts";
import { Conversation } from "./Conversation.tsx";

afterEach(cleanup);

const comment = (changes: Partial<IssueComment> = {}): IssueComment => ({
  id: "IC_1",
  author: "octavia",
  authorAssociation: "MEMBER",
  body: "It is **broken**",
  isTruncated: false,
  isMinimized: false,
  createdAt: "2026-05-20T12:00:00.000Z",
  updatedAt: "2026-05-20T12:00:00.000Z",
  url: "https://github.example/acme/tools/issues/1#issuecomment-1",
  ...changes,
});

const read = (changes: Partial<Comments> = {}) => ({
  comments: {
    totalCount: 1,
    unreadableCount: 0,
    fetchedAt: "2026-05-20T12:00:00.000Z",
    problem: null,
    nodes: [comment()],
    ...changes,
  },
});

const retry = vi.fn(() => Promise.resolve());
const show = (reading: Parameters<typeof Conversation>[0]["reading"], count = 0) =>
  render(
    <Conversation
      reading={reading}
      url="https://github.example/acme/tools/issues/1"
      count={count}
      onRetry={retry}
    />,
  ).container;

it("shows the formatted comments with their authors and links to GitHub", () => {
  const shown = show(read());
  expect(screen.getByRole("heading").textContent).toBe("Comments · 1");
  expect(screen.getByRole("article").textContent).toContain("octaviaMember");
  expect(shown.querySelector("strong")?.textContent).toBe("broken");
  expect(screen.getByRole("link").getAttribute("href")).toMatch(/#issuecomment-1$/);
  expect(shown.textContent).not.toContain("edited");
});

it("shows what is special about a comment", () => {
  const shown = show(
    read({
      totalCount: 3,
      nodes: [
        comment({ id: "1", author: null, authorAssociation: "NONE" }),
        comment({ id: "2", isTruncated: true, updatedAt: "2026-05-21T12:00:00.000Z" }),
        comment({ id: "3", isMinimized: true, body: "Buy this" }),
      ],
    }),
  );
  const [ghost, cut, hidden] = screen.getAllByRole("article");
  expect(ghost?.textContent).toContain("Deleted account");
  expect(cut?.textContent).toContain("edited");
  expect(cut?.textContent).toContain("Read the rest on GitHub");
  expect(hidden?.querySelector("details")?.open).toBe(false);
  expect(shown.querySelector("summary")?.textContent).toBe("Hidden on GitHub");
});

it("does not run scripts of a comment", () => {
  const body = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))";
  const shown = show(read({ nodes: [comment({ body })] }));
  expect(shown.querySelector("script, img, [onerror], a[href^=javascript]")).toBeNull();
});

it("shows that there are no comments, and links to further ones", () => {
  expect(show(read({ totalCount: 0, nodes: [], fetchedAt: null })).textContent).toBe(
    "CommentsNo comments yet.",
  );
  cleanup();
  show(read({ totalCount: 14, unreadableCount: 1 }));
  expect(screen.getByText("1 comment could not be read.")).toBeTruthy();
  const older = screen.getByRole("link", { name: /^Show 12 older on GitHub/ });
  expect(older.getAttribute("href")).toBe("https://github.example/acme/tools/issues/1");
});

it("shows why comments may be missing, and reloads on request", async () => {
  const problem = "GitHub API error: 502 Bad gateway";
  const shown = show(read({ problem, totalCount: 2 }));
  expect(screen.getByRole("status").textContent).toMatch(
    /^As of .+ ago; there may be newer ones: GitHub API error: 502/,
  );
  expect(shown.querySelectorAll("article")).toHaveLength(1);
  await userEvent.click(screen.getByRole("button", { name: "Read again" }));
  expect(retry).toHaveBeenCalledOnce();
  cleanup();

  show({ failure: { message: "Dispatch cannot be reached.", code: "NETWORK" } }, 3);
  expect(screen.getByRole("heading").textContent).toBe("Comments · 3");
  expect(screen.getByRole("status").textContent).toContain("Dispatch cannot be reached.");
});
