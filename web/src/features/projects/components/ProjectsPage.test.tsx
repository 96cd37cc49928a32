import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { STATUSES, type Status } from "@/lib/statuses.ts";
import type { Project } from "../api/projects.ts";
import { ProjectsPage } from "./ProjectsPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: () => () => undefined }));

afterEach(cleanup);

/** A repository with the given number of issues in each column, of which at most five are listed. */
function project(name: string, counts: Partial<Record<Status, number>>): Project {
  const fullName = `acme/${name}`;
  return {
    totalCount: Object.values(counts).reduce((sum, count) => sum + count, 0),
    byStatus: STATUSES.map((status) => ({ status, issues: counts[status] ?? 0 })),
    columns: STATUSES.map((status) => ({
      status,
      totalCount: counts[status] ?? 0,
      issues: {
        nodes: Array.from({ length: Math.min(5, counts[status] ?? 0) }, (_, index) => ({
          id: `iss_${name}_${index}`,
          number: index + 1,
          title: `${name} ${index + 1}`,
          url: `https://github.com/${fullName}/issues/${index + 1}`,
        })),
      },
    })),
    repository: { id: `rep_${name}`, fullName, name, url: `https://github.com/${fullName}` },
  };
}

async function show(...projects: readonly Project[]) {
  vi.mocked(ask).mockResolvedValue({ data: { projects } });
  render(<ProjectsPage />);
  await screen.findAllByRole("heading", { level: 2 });
}
const column = (name: string) =>
  within(
    screen.getByRole("heading", { level: 3, name: new RegExp(`^${name}`) }).parentElement ??
      expect.fail(),
  );
const links = (list: ReturnType<typeof column>) =>
  list.getAllByRole("link").map((link) => link.getAttribute("href"));

it("shows how a repository is added if there is none", async () => {
  await show();
  expect(screen.getByRole("heading", { name: "No issues have been synced yet" })).toBeTruthy();
});

it("lists the repositories by name, each with links to its board and to GitHub", async () => {
  await show(project("rocket", { READY: 1 }), project("console", { READY: 1 }));
  const names = screen.getAllByRole("heading", { level: 2 });
  expect(names.map(({ textContent }) => textContent)).toEqual(["acme/console", "acme/rocket"]);
  expect(screen.getByRole("link", { name: /^acme\/ ?rocket$/ }).getAttribute("href")).toBe(
    "/board?repo=acme%2Frocket",
  );
  expect(screen.getByRole("link", { name: "acme/rocket on GitHub" }).getAttribute("href")).toBe(
    "https://github.com/acme/rocket",
  );
});

it("counts the issues of a repository, also in the singular", async () => {
  await show(project("rocket", { READY: 1 }), project("console", { READY: 2, DONE: 1_000 }));
  expect(screen.getByText("1 issue")).toBeTruthy();
  expect(screen.getByText(`${(1_002).toLocaleString()} issues`)).toBeTruthy();
});

it("links from a number to the card, and from a title to GitHub", async () => {
  await show(project("rocket", { READY: 1 }));
  expect(links(column("Ready"))).toEqual([
    "/board?repo=acme%2Frocket&issue=iss_rocket_0",
    "https://github.com/acme/rocket/issues/1",
  ]);
});

it("links to the other issues of a column", async () => {
  await show(project("rocket", { READY: 7, DONE: 5 }));
  const more = column("Ready").getByRole("link", { name: "and 2 more" });
  expect(more.getAttribute("href")).toBe("/board?repo=acme%2Frocket&status=ready");
  expect(column("Done").queryByRole("link", { name: /more/ })).toBeNull();
});

it("shows that a column has no issues", async () => {
  await show(project("rocket", { READY: 1 }));
  expect(column("Blocked").getByText("No issues")).toBeTruthy();
  expect(column("Blocked").queryByRole("link")).toBeNull();
});
