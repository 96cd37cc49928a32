import { expect, test as base, type Locator, type Page } from "@playwright/test";
import { DEMO, Service } from "./service.ts";

type Fixtures = {
  /** Fails the test if one of its pages logs an error or sends a request to another host. */
  readonly watched: undefined;
};

type WorkerFixtures = {
  readonly service: Service;
};

/** The request header that identifies the caller as an agent. */
export const AGENT_TOKEN = "the-agents-token-of-the-tests";

/** A test against a running demo. Its pages must log no errors. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the required fixtures from this pattern
    async ({}, use) => {
      const service = new Service(DEMO, { DISPATCH_AGENT_TOKEN: AGENT_TOKEN });
      await service.start();
      await service.synced();
      await use(service);
      await service.stop();
      service.forget();
    },
    { scope: "worker", timeout: 200_000 },
  ],
  baseURL: async ({ service }, use) => use(service.url),
  watched: [
    async ({ context, service }, use) => {
      const problems: string[] = [];
      context.on("page", (page) => watch(page, service, problems));
      await use(undefined);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});

/** Records each error that a page logs, and each request to another host. */
export function watch(page: Page, service: Service, problems: string[]): void {
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.host !== new URL(service.url).host)
      problems.push(request.url());
  });
}

export { expect };

export type Status = "BACKLOG" | "READY" | "IN_PROGRESS" | "IN_REVIEW" | "BLOCKED" | "DONE";

export const column = (page: Page, status: Status): Locator =>
  page.locator(`[data-column=${status}]`);
export const cards = (page: Page, status: Status): Locator =>
  column(page, status).locator("[data-card]");
export const card = (page: Page, id: string): Locator => page.locator(`[data-card="${id}"]`);

/** Scrolls a list, and waits until the cards of the new position are rendered and the old ones are removed. */
async function scrollTo(scroller: Locator, top: number): Promise<void> {
  await scroller.evaluate(
    (element, top) =>
      new Promise((resolve) => {
        element.scrollTo(0, top);
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      }),
    top,
  );
}

/** Scrolls from the top until a card is in the DOM, which contains only visible cards. */
export async function seek(page: Page, scroller: Locator, id: string): Promise<void> {
  await expect(async () => {
    await scrollTo(scroller, 0);
    for (let step = 1; step <= 60; step += 1) {
      if ((await card(page, id).count()) > 0) {
        return card(page, id).scrollIntoViewIfNeeded({ timeout: 1000 });
      }
      await scrollTo(scroller, 300 * step);
    }
    throw new Error(`${id} is not in this list`);
  }).toPass();
}

/**
 * Waits until a page is live and has loaded its viewer. Before that, it may miss an event, offers no actions, and moves
 * down when the notice above it appears.
 */
export async function untilReady(page: Page): Promise<void> {
  await expect(page.locator("[data-connection=live]")).toBeVisible();
  // The version is loaded together with the viewer. A phone does not show it.
  const rail = page.getByRole("navigation", { name: "Pages" });
  await expect(rail.getByText(/^v\d/)).toBeAttached();
}

/** Opens the board and waits until it is ready. */
export async function openBoard(page: Page, search = ""): Promise<void> {
  await page.goto(`/board${search}`);
  await untilReady(page);
}

/** The addresses of all pages, including those without a link in the rail, and of the playground. */
export async function allPages(page: Page): Promise<readonly string[]> {
  await openBoard(page);
  const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
  const paths = await links.evaluateAll((found) => found.map((link) => link.getAttribute("href")));
  expect(paths).toEqual(expect.arrayContaining(["/", "/board", "/agents", "/automation"]));
  const others = ["/projects", "/audit", "/webhooks", "/graphiql"];
  return [...new Set([...paths.filter((path) => path !== null), ...others])];
}

/** Sends a document to the service as a person, or as an agent if its token is given. */
export async function ask<Data>(
  service: Service,
  query: string,
  variables: object = {},
  agent?: string,
): Promise<Data> {
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(agent !== undefined && {
        authorization: `Bearer ${AGENT_TOKEN}`,
        "x-agent-name": agent,
      }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data: Data; errors?: unknown };
  expect(answer.errors, "the service refused").toBeUndefined();
  return answer.data;
}

/** Moves an issue through the API, like another client. */
export const moveElsewhere = (service: Service, id: string, to: Status): Promise<unknown> =>
  ask(
    service,
    `mutation ($id: ID!, $to: Status!) { moveIssue(input: {issueId: $id, to: $to}) { cursor } }`,
    {
      id,
      to,
    },
  );

const taken = new Set<string>();

type Quiet = {
  id: string;
  agents: string[];
  labels: string[];
  openBlockers: number;
  lease: { id: string } | null;
};
type QuietPage = { nodes: Quiet[]; pageInfo: { hasNextPage: boolean; endCursor: string } };

/** All issues of some columns. */
async function issuesIn(service: Service, statuses: readonly Status[]): Promise<Quiet[]> {
  const all: Quiet[] = [];
  let after: string | undefined;
  for (;;) {
    const { issues } = await ask<{ issues: QuietPage }>(
      service,
      `query ($statuses: [Status!], $after: String) {
        issues(filter: {statuses: $statuses}, first: 100, after: $after) {
          nodes { id agents labels openBlockers lease { id } }
          pageInfo { hasNextPage endCursor }
        }
      }`,
      { statuses, after },
    );
    all.push(...issues.nodes);
    if (!issues.pageInfo.hasNextPage) return all;
    after = issues.pageInfo.endCursor;
  }
}

/**
 * Moves issues that no other test uses to the top of In Progress. They have no agent and no dependencies, and stay
 * where the test moves them. If there are too few issues without an agent, the agents of some are removed.
 */
export async function quietIssues(service: Service, count: number): Promise<string[]> {
  const free = ({ id, labels, openBlockers, lease }: Quiet) =>
    lease === null && labels.length < 100 && openBlockers === 0 && !taken.has(id);
  const waiting = (await issuesIn(service, ["BACKLOG", "READY"])).filter(free);
  const others = (await issuesIn(service, ["BLOCKED", "IN_REVIEW"])).filter(free);
  const found = [
    ...waiting.filter(({ agents }) => agents.length === 0),
    ...waiting.filter(({ agents }) => agents.length > 0),
    ...others,
  ].slice(0, count);
  if (found.length < count) throw new Error("too few quiet issues");
  for (const { id, agents } of found) {
    if (agents.length > 0) {
      await ask(
        service,
        `mutation ($id: ID!) { assignAgent(input: {issueId: $id, agent: null}) { cursor } }`,
        { id },
      );
    }
    taken.add(id);
    await moveElsewhere(service, id, "IN_PROGRESS");
  }
  return found.map(({ id }) => id);
}

/** One issue that no other test uses. */
export async function quietIssue(service: Service): Promise<string> {
  const [id = ""] = await quietIssues(service, 1);
  return id;
}
