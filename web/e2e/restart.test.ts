/* eslint-disable no-empty-pattern -- the runner reads the names of what a fixture needs from there */
import type { Page } from "@playwright/test";
import { Proxy } from "./support/proxy.ts";
import { serve, simulate, test as base } from "./support/github.ts";
import { lend, type Service } from "./support/service.ts";
import { ask, expect, moveElsewhere } from "./support/test.ts";

// The service and the simulated GitHub are separate processes, so that each can be stopped alone.

const test = base.extend({
  // The browser logs an error for each refused connection, which these tests cause.
  watched: async ({}, use) => use(undefined),
  service: [
    async ({ github }, use) => {
      const service = serve(github, { GITHUB_REPOSITORIES: github.repositories[0] ?? "" });
      await lend(service, use);
    },
    { scope: "worker", timeout: 200_000 },
  ],
});

type Found = { readonly id: string; readonly number: number; readonly status: string };

/** Issues that are open and not in Done. */
async function someIssues(service: Service): Promise<readonly Found[]> {
  const { issues } = await ask<{ issues: { nodes: Found[] } }>(
    service,
    "{ issues(filter: {statuses: [BACKLOG, READY, IN_PROGRESS]}, first: 5) { nodes { id number status } } }",
  );
  return issues.nodes;
}

/** Sets the status of an issue directly on GitHub. */
async function relabelOnGitHub(
  github: Service,
  repository: string,
  number: number,
  label: string,
): Promise<void> {
  const post = async (query: string, variables: object) => {
    const response = await fetch(`${github.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer anything" },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as {
      data: {
        repository: {
          label: { id: string };
          issue: { id: string; labels: { nodes: { id: string; name: string }[] } };
        };
      };
      errors?: unknown;
    };
  };
  const [owner, name] = repository.split("/");
  const { data, errors } = await post(
    `query LabelId($owner: String!, $name: String!, $label: String!, $number: Int!) {
      repository(owner: $owner, name: $name) {
        label(name: $label) { id }
        issue: issueOrPullRequest(number: $number) { ... on Issue { id labels(first: 100) { nodes { id name } } } }
      }
    }`,
    { owner, name, label, number },
  );
  expect(errors).toBeUndefined();
  const { issue, label: target } = data.repository;
  const old = issue.labels.nodes.filter((each) => each.name.startsWith("status/"));
  const done = await post(
    `mutation ChangeLabels($issue: ID!, $add: [ID!]!, $remove: [ID!]!) {
      added: addLabelsToLabelable(input: { labelableId: $issue, labelIds: $add }) { labelable { __typename } }
      removed: removeLabelsFromLabelable(input: { labelableId: $issue, labelIds: $remove }) { labelable { __typename } }
    }`,
    { issue: issue.id, add: [target.id], remove: old.map((each) => each.id) },
  );
  expect(done.errors).toBeUndefined();
}

const inColumn = (page: Page, status: string, id: string) =>
  page.locator(`[data-column=${status}] [data-card="${id}"]`);

test("a window reconnects after a restart of the service and misses no change", async ({
  page,
  service,
  github,
}) => {
  const [moved, relabelled] = await someIssues(service);
  if (!moved || !relabelled) throw new Error("no issues to move");
  const { repositories } = await ask<{ repositories: { fullName: string }[] }>(
    service,
    "{ repositories { fullName } }",
  );
  const repository = repositories[0]?.fullName ?? "";
  await page.goto("/board");
  await expect(page.locator("[data-connection=live]")).toBeVisible();
  await expect(inColumn(page, relabelled.status, relabelled.id)).toBeVisible();
  // A mark that a reload of the page would remove.
  await page.evaluate(() => (document.documentElement.dataset.loaded = "once"));

  const { port } = service;
  await service.stop();
  await expect(page.locator("[data-connection=stale]")).toHaveText(/^Stale since \d/);
  await expect(inColumn(page, relabelled.status, relabelled.id), "the last truth").toBeVisible();
  await relabelOnGitHub(github, repository, relabelled.number, "status/in-review");

  await service.start(port);
  await moveElsewhere(service, moved.id, "DONE");
  await expect(page.locator("[data-connection=live]")).toBeVisible({ timeout: 30_000 });
  await expect(inColumn(page, "IN_REVIEW", relabelled.id)).toBeVisible();
  await expect(inColumn(page, "DONE", moved.id)).toBeVisible();
  await expect(inColumn(page, relabelled.status, relabelled.id)).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.dataset.loaded)).toBe("once");
});

test("the first sync shows its progress, continues by itself, and fills the board", async ({
  browser,
}) => {
  const github = await simulate(1_000);
  // After some issues, GitHub's responses are delayed until the page has shown the progress of the sync.
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let asked = 0;
  const proxy = new Proxy(github.url, { hold: () => ((asked += 1) > 25 ? released : undefined) });
  const service = serve(github, {
    GITHUB_REPOSITORIES: github.repositories.join(","),
    GITHUB_API_URL: await proxy.start(),
  });
  await service.start();
  const context = await browser.newContext({ baseURL: service.url });
  const page = await context.newPage();
  await page.goto("/board");
  const progress = page.getByRole("progressbar", { name: "Sync with GitHub" }).first();
  await expect(progress).toHaveAttribute("aria-valuetext", /Reading repository \d+ of 20/);

  // It is still shown after the page was left and opened again.
  await page.goto("/audit");
  await page.goto("/board");
  await expect(progress).toBeVisible();
  release();
  await expect(page.getByRole("button", { name: /^Sync with GitHub/ })).toHaveText(/Synced/, {
    timeout: 60_000,
  });
  await expect(progress).toHaveCount(0);
  const { board } = await ask<{ board: { totalCount: number } }>(
    service,
    "{ board { totalCount } }",
  );
  // The counts include the issues of this sync.
  await expect
    .poll(async () => {
      const counts = await page.locator("[data-count]").allTextContents();
      return counts.reduce((sum, text) => sum + Number(text.replace(/\D/g, "")), 0);
    })
    .toBe(board.totalCount);
  await context.close();
  await service.stop();
  service.forget();
  proxy.stop();
  await github.stop();
  github.forget();
});
