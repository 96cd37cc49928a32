import type { Locator, Page } from "@playwright/test";
import { violations } from "./support/axe.ts";
import { serve, test as simulated } from "./support/github.ts";
import { claim, fail } from "./support/leases.ts";
import { Proxy } from "./support/proxy.ts";
import { DEMO, lend, Service } from "./support/service.ts";
import { AGENT_TOKEN, ask, card, expect, openBoard, quietIssue, test } from "./support/test.ts";

/** The back-off badge of a card. */
const markOn = (page: Page, id: string): Locator => card(page, id).locator("[data-backoff]");

const panelOf = (page: Page): Locator => page.getByRole("complementary", { name: /^Issue / });

/** The row of an issue in the queue. */
const rowOf = (page: Page, list: string | RegExp, id: string): Locator =>
  page
    .getByRole("list", { name: list })
    .getByRole("listitem")
    .filter({ has: page.locator(`a[href="/board?issue=${id}"]`) });

/** Claims an issue as an agent, and reports that the agent failed on it. */
async function failOn(service: Service, agent: string, id: string): Promise<void> {
  await fail(service, agent, await claim(service, agent, id));
}

async function skipReasons(service: Service, id: string): Promise<readonly string[]> {
  const { explainWork } = await ask<{ explainWork: { skipReasons: string[] } }>(
    service,
    `query ($id: ID!) { explainWork(agent: "somebody-else", issueId: $id) { skipReasons } }`,
    { id },
  );
  return explainWork.skipReasons;
}

test("a failed attempt is shown on the card and in the panel, and the back-off ends by itself", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).click();
  await expect(panelOf(page).getByRole("heading", { name: "History" })).toBeVisible();
  const mark = markOn(page, id);
  const region = panelOf(page).getByRole("region", { name: /^In back-off until / });
  await failOn(service, "clumsy", id);
  // Read in one step, because the back-off lasts only ten seconds.
  await Promise.all([
    expect(mark).toContainText("left alone until"),
    expect(mark).toContainText("1 failed attempt"),
    // In the browser's time zone.
    expect(mark).toHaveAttribute(
      "title",
      /^The issue is left alone until [^Z]+clumsy failed on it[^Z]*$/,
    ),
    expect(region).toContainText("because clumsy failed on it (1 failed attempt)"),
    expect(region).toContainText("first just now"),
  ]);

  const over = panelOf(page).getByRole("region", { name: "1 failed attempt" });
  await expect(over).toContainText("An agent failed on it just now. It is no longer left alone.");
  await expect(over.getByRole("button")).toHaveCount(0);
  await expect(mark).toHaveAttribute("data-backoff", "attempts");
  await expect(mark).not.toContainText("left alone until");
});

test("a button in the panel ends a back-off", async ({ page, service }) => {
  const id = await quietIssue(service);
  // The second back-off is long enough for the checks below.
  await failOn(service, "clumsy", id);
  await expect
    .poll(() => skipReasons(service, id), { timeout: 60_000 })
    .not.toContain("BACKING_OFF");
  await failOn(service, "clumsy", id);
  await openBoard(page, `?issue=${id}`);
  await expect(markOn(page, id)).toContainText("2 failed attempts");
  expect(await skipReasons(service, id)).toContain("BACKING_OFF");

  // A rejected retry shows the error.
  await page.route("**/graphql", (route) =>
    route.request().postData()?.includes("RetryIssue") === true
      ? route.fulfill({
          json: { errors: [{ message: "GitHub sleeps", extensions: { code: "CONFLICT" } }] },
        })
      : route.fallback(),
  );
  const region = panelOf(page).getByRole("region", { name: /^In back-off until / });
  const retry = region.getByRole("button", { name: "Retry now" });
  await retry.click();
  await expect(region.getByRole("alert")).toHaveText("Not retried: GitHub sleeps");
  await page.unroute("**/graphql");

  await retry.click();
  await expect(page.getByText(/^Agents may be served .+ again\.$/)).toBeVisible();
  await expect(region).toHaveCount(0);
  await expect(markOn(page, id)).toHaveCount(0);
  expect(await skipReasons(service, id)).not.toContain("BACKING_OFF");
  await expect(
    panelOf(page).getByRole("listitem").filter({ hasText: "let agents try again" }),
  ).toBeVisible();
});

test("each repository has switches for which issues of people are served to agents", async ({
  page,
  service,
}) => {
  const { repositories } = await ask<{ repositories: { fullName: string }[] }>(
    service,
    "{ repositories { fullName } }",
  );
  const name = repositories[0]?.fullName ?? "";
  const served = async () => {
    const { repositories } = await ask<{
      repositories: { fullName: string; servesPeoplesWork: object }[];
    }>(service, "{ repositories { fullName servesPeoplesWork { inProgress assigned owned } } }");
    return repositories.find(({ fullName }) => fullName === name)?.servesPeoplesWork;
  };
  await openBoard(page);
  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  const row = page
    .getByRole("list", { name: "Tracked repositories" })
    .getByRole("listitem")
    .filter({ has: page.getByRole("link", { name, exact: true }) });
  await row.getByText("People's work is not served to agents").click();
  const rules = row.getByRole("group", { name: `Serve to agents in ${name} what is` });
  const assigned = rules.getByRole("switch", { name: "assigned on GitHub" });
  await expect(rules.getByRole("switch")).toHaveCount(3);
  await expect(assigned).not.toBeChecked();
  await assigned.click();
  await expect(assigned).toBeChecked();
  await expect(row).toContainText("People's work served to agents: assigned on GitHub");
  await expect.poll(served).toEqual({ inProgress: false, assigned: true, owned: false });
  expect(await violations(page)).toEqual([]);

  await page.keyboard.press("Space");
  await expect(assigned, "the focus is still there").not.toBeChecked();
  await expect.poll(served).toEqual({ inProgress: false, assigned: false, owned: false });

  // A rejected retry shows the error, and the issue stays withheld.
  await page.route("**/graphql", (route) =>
    route.request().postData()?.includes("SetServesPeoplesWork") === true
      ? route.fulfill({
          json: { errors: [{ message: "Not tracked", extensions: { code: "NOT_FOUND" } }] },
        })
      : route.fallback(),
  );
  await rules.getByRole("switch", { name: "labelled owner/…" }).click();
  await expect(row.getByRole("alert")).toHaveText("Not changed: Not tracked");
  await expect(rules.getByRole("switch", { name: "labelled owner/…" })).not.toBeChecked();
});

// A demo in which an issue needs a person after one failure.
const impatient = test.extend({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the required fixtures from this pattern
    async ({}, use) => {
      const settings = { DISPATCH_AGENT_TOKEN: AGENT_TOKEN, DISPATCH_MAX_ATTEMPTS: "1" };
      await lend(new Service(DEMO, settings), use);
    },
    { scope: "worker", timeout: 200_000 },
  ],
});

/** An issue that needs a person and has the label. */
async function exhaust(service: Service, agent: string): Promise<string> {
  const id = await quietIssue(service);
  await failOn(service, agent, id);
  await expect
    .poll(async () => {
      const { issue } = await ask<{ issue: { labels: string[] } }>(
        service,
        `query ($id: ID!) { issue(id: $id) { labels } }`,
        { id },
      );
      return issue.labels;
    })
    .toContain("needs-human");
  return id;
}

impatient(
  "the queue and its doctor show an issue that needs a person, and a retry serves it again",
  async ({ page, service }) => {
    const id = await exhaust(service, "spent");
    await page.goto("/queue?agent=quill");
    const finding = rowOf(page, "Inconsistencies", id);
    await expect(finding).toContainText("Needs a person");
    await expect(finding).toContainText("1 attempt failed: spent failed on it");

    await page.getByRole("button", { name: /^needs a person/ }).click();
    const row = rowOf(page, "Withheld issues", id);
    await expect(row.locator("[data-backoff=person]")).toContainText(
      "needs a person1 failed attempt",
    );
    await expect(row).toContainText("needs a person after 1 failed attempt");
    await row.getByRole("button", { name: /^Retry / }).click();
    await expect(page.getByText(/^Agents may be served .+ again\.$/)).toBeVisible();
    await expect(row.getByRole("button", { name: /^Retry / })).toHaveCount(0);
    await expect(finding).toHaveCount(0);
    expect(await skipReasons(service, id)).not.toContain("NEEDS_HUMAN");

    await openBoard(page);
    await expect(card(page, id)).toBeVisible();
    await expect(markOn(page, id)).toHaveCount(0);
  },
);

impatient(
  "a card and its panel show that an issue needs a person, and a retry in the panel serves it again",
  async ({ page, service }) => {
    const id = await exhaust(service, "spent");
    await openBoard(page, `?issue=${id}`);
    await expect(markOn(page, id)).toContainText("needs a person");
    await expect(card(page, id).getByTitle("needs-human"), "said once").toHaveCount(0);
    const region = panelOf(page).getByRole("region", { name: "Needs a person" });
    await expect(region).toContainText("the last: spent failed on it");
    await region.getByRole("button", { name: "Retry now" }).click();
    await expect(region).toHaveCount(0);
    await expect(markOn(page, id)).toHaveCount(0);
    expect(await skipReasons(service, id)).not.toContain("NEEDS_HUMAN");
  },
);

for (const theme of ["light", "dark"] as const) {
  impatient(
    `failures and back-offs have no axe violations, ${theme}`,
    async ({ page, service }) => {
      await page.emulateMedia({ colorScheme: theme });
      const id = await exhaust(service, `spent-${theme}`);
      await page.goto("/queue?agent=quill");
      await page.getByRole("button", { name: /^needs a person/ }).click();
      await expect(rowOf(page, "Withheld issues", id)).toBeVisible();
      await expect(rowOf(page, "Inconsistencies", id)).toBeVisible();
      expect(await violations(page)).toEqual([]);

      await openBoard(page, `?issue=${id}`);
      await expect(markOn(page, id)).toBeVisible();
      await expect(panelOf(page).getByRole("region", { name: "Needs a person" })).toBeVisible();
      expect(await violations(page)).toEqual([]);
    },
  );
}

impatient(
  "a phone shows failures and back-offs without horizontal scrolling",
  async ({ browser, service }) => {
    const id = await exhaust(service, "spent-on-a-phone");
    const context = await browser.newContext({
      baseURL: service.url,
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    const page = await context.newPage();
    await page.goto("/queue?agent=quill");
    await page.getByRole("button", { name: /^needs a person/ }).click();
    await expect(
      rowOf(page, "Withheld issues", id).getByRole("button", { name: /^Retry / }),
    ).toBeVisible();
    const main = page.locator("main");
    expect(await main.evaluate((main) => main.scrollWidth - main.clientWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(await violations(page)).toEqual([]);

    await openBoard(page, `?issue=${id}`);
    await expect(panelOf(page).getByRole("button", { name: "Retry now" })).toBeInViewport();
    expect(await violations(page)).toEqual([]);
    await context.close();
  },
);

/** GitHub's error if the token may not change issues. */
const DENIAL = "Resource not accessible by personal access token";

type Denying = { readonly denying: { on: boolean; url: string } };

// A service that can be made to have a token with which GitHub rejects changes.
const denied = simulated.extend<object, Denying>({
  denying: [
    async ({ github }, use) => {
      const denying = { on: false, url: "" };
      const proxy = new Proxy(github.url, {
        answer: (_, body) =>
          denying.on && /mutation (ChangeLabels|CreateLabel)\b/.test(body)
            ? { data: null, errors: [{ type: "FORBIDDEN", message: DENIAL }] }
            : undefined,
      });
      denying.url = await proxy.start();
      await use(denying);
      proxy.stop();
    },
    { scope: "worker" },
  ],
  service: [
    async ({ github, denying }, use) => {
      const service = serve(github, {
        GITHUB_API_URL: denying.url,
        GITHUB_REPOSITORIES: github.repositories[0] ?? "",
        DISPATCH_AGENT_TOKEN: AGENT_TOKEN,
      });
      await lend(service, use);
    },
    { scope: "worker", timeout: 200_000 },
  ],
});

denied(
  "a repository whose changes GitHub rejects is marked, until a change succeeds or somebody retries",
  async ({ page, service, denying }) => {
    const { issues } = await ask<{ issues: { nodes: { agents: string[] }[] } }>(
      service,
      "{ issues(filter: {statuses: [READY]}, first: 1) { nodes { agents } } }",
    );
    const agent = issues.nodes[0]?.agents[0] ?? "";
    denying.on = true;
    const { claimNext } = await ask<{ claimNext: { lease: null } }>(
      service,
      `mutation ($agent: String!) { claimNext(input: { agent: $agent }) { lease { id } } }`,
      { agent },
      agent,
    );
    expect(claimNext.lease).toBeNull();

    await openBoard(page);
    await page.getByRole("button", { name: "Repositories", exact: true }).click();
    await expect(page.getByRole("list", { name: "Tracked repositories" })).toContainText(
      new RegExp(`GitHub refuses changes: .*${DENIAL}.* Tried again at \\d`),
    );
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");

    await page.goto(`/queue?agent=${agent}`);
    const findings = page.getByRole("list", { name: "Inconsistencies" }).getByRole("listitem");
    const finding = findings.filter({ hasText: "Change rejected by GitHub" });
    await expect(finding).toContainText("GitHub refused to change it");
    await expect(finding).toContainText(DENIAL);
    await page.getByRole("button", { name: /^in back-off after a failure/ }).click();
    const withheld = page.getByRole("list", { name: "Withheld issues" }).getByRole("listitem");
    await expect(withheld.first()).toContainText(DENIAL);
    await expect(withheld.locator("[data-backoff=waiting]")).toHaveCount(1);

    denying.on = false;
    await withheld
      .first()
      .getByRole("button", { name: /^Retry / })
      .click();
    await expect(page.getByRole("button", { name: /^in back-off after a failure/ })).toHaveCount(0);
    await expect(page.getByRole("list", { name: `Next for ${agent}` })).toBeVisible();
  },
);
