import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { DISPATCH_LABELS, OWN_LABELS, READER, READ_ONLY, VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { previewScheme, saveScheme } from "../api/labels.ts";
import { readRepositories, type Repository } from "../api/repositories.ts";
import { RepositoriesDialog } from "./RepositoriesDialog.tsx";
import { Refusing, UnreadableIssues } from "./RepositoryRow.tsx";

vi.mock("../api/repositories.ts", () => ({ readRepositories: vi.fn(), track: vi.fn() }));
vi.mock("../api/labels.ts", () => ({ previewScheme: vi.fn(), saveScheme: vi.fn() }));

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  viewer.set(undefined);
});

const since = "2026-01-01T12:00:00Z";

function show(unreadableIssues: Repository["unreadableIssues"]) {
  const repository = {
    url: "https://github.com/acme/tools",
    unreadableIssues,
  } as Repository;
  return render(<UnreadableIssues repository={repository} />).container;
}

it("shows each issue that could not be stored, with its number and the reason", () => {
  const text = show({
    totalCount: 103,
    nodes: [
      { number: 7, reason: "Something is off", since },
      { number: null, reason: "Gone astray", since },
    ],
  }).textContent;
  expect(text).toContain("103 issues could not be read. Every sync tries again.");
  expect(text).toContain("#7: Something is off");
  expect(text).toContain("An issue that GitHub did not name: Gone astray");
  expect(text).toContain("and 101 more");
  const link = screen.getByRole("link", { hidden: true });
  expect(link.getAttribute("href")).toBe("https://github.com/acme/tools/issues/7");
});

it("shows no such list if all issues were stored", () => {
  expect(show({ totalCount: 0, nodes: [] }).textContent).toBe("");
});

it("shows that GitHub rejects changes, while the repository is in back-off", () => {
  vi.useFakeTimers({ now: Date.parse(since) });
  const backoff = { reason: "GitHub API error: 403 Forbidden", retryAt: "2026-01-01T12:00:15Z" };
  const { container } = render(<Refusing backoff={backoff} />);
  expect(container.textContent).toContain(
    "GitHub refuses changes: GitHub API error: 403 Forbidden. Tried again at ",
  );
  act(() => void vi.advanceTimersByTime(16_000));
  expect(container.textContent).toBe("");
});

const TRACKED: Repository = {
  id: "1",
  fullName: "acme/tools",
  url: "https://github.com/acme/tools",
  enabled: true,
  source: "USER",
  lastSyncedAt: null,
  readOnlyReason: null,
  syncError: null,
  backoff: null,
  servesPeoplesWork: { inProgress: false, assigned: false, owned: false },
  labelScheme: DISPATCH_LABELS,
  unreadableIssues: { totalCount: 0, nodes: [] },
};
const RENAMED = { ...TRACKED, id: "2", fullName: "acme/rocket", labelScheme: OWN_LABELS };

it("opens the label scheme with the permission, and reloads the list after a change", async () => {
  viewer.set(VISITOR);
  vi.mocked(readRepositories).mockResolvedValue({ data: [TRACKED, RENAMED] });
  vi.mocked(previewScheme).mockResolvedValue({ data: { labels: [], changes: [], changeCount: 0 } });
  vi.mocked(saveScheme).mockResolvedValue({ data: {} });
  render(<RepositoriesDialog onClose={vi.fn()} />);
  const mark = await screen.findByText("· own labels");
  expect(screen.getAllByRole("listitem")[1]?.contains(mark)).toBe(true);
  expect(mark.title).toContain("status/ready is Ready-for-agent");

  await userEvent.click(screen.getByRole("button", { name: "Labels of acme/rocket" }));
  expect(await screen.findByRole("dialog", { name: "Labels of acme/rocket" })).toBeTruthy();
  vi.mocked(readRepositories).mockResolvedValue({
    data: [TRACKED, { ...RENAMED, labelScheme: DISPATCH_LABELS }],
  });
  await userEvent.click(screen.getByRole("button", { name: "Use Dispatch's labels" }));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.queryByText("· own labels")).toBeNull());
  expect(screen.queryByRole("dialog", { name: "Labels of acme/rocket" })).toBeNull();
  expect(
    screen.getByText("The labels are saved. Nothing was written to GitHub.").getAttribute("role"),
  ).toBe("status");
});

it("shows why others may not change it", async () => {
  viewer.set(READER);
  vi.mocked(readRepositories).mockResolvedValue({ data: [RENAMED] });
  render(<RepositoriesDialog onClose={vi.fn()} />);
  expect(await screen.findByText("· own labels")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^Labels of/ })).toBeNull();
  expect(screen.getByRole("button", { name: "Sign in to change what labels mean." })).toBeTruthy();
});

it.each(READ_ONLY)("shows that a repository is read-only: %s", async (reason, sentence) => {
  const readOnly = { ...TRACKED, id: "2", fullName: "acme/rocket", readOnlyReason: reason };
  vi.mocked(readRepositories).mockResolvedValue({ data: [TRACKED, readOnly] });
  render(<RepositoriesDialog onClose={vi.fn()} />);
  const words = await screen.findByText(sentence);
  const [changeable, row] = screen.getAllByRole("listitem");
  expect(row?.contains(words)).toBe(true);
  expect(changeable?.textContent).not.toContain("cannot be changed");
});
