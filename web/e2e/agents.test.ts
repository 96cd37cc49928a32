import type { Locator, Page } from "@playwright/test";
import { violations } from "./support/axe.ts";
import type { Service } from "./support/service.ts";
import { ask, expect, quietIssue, test, untilReady } from "./support/test.ts";

type Lease = { readonly id: string; readonly fencingToken: string };

/** Claims one issue, as an agent with its token. */
async function claim(service: Service, agent: string, issueId: string): Promise<Lease> {
  const { claimIssue } = await ask<{ claimIssue: { lease: Lease } }>(
    service,
    `mutation ($input: ClaimIssueInput!) { claimIssue(input: $input) { lease { id fencingToken } } }`,
    { input: { agent, issueId } },
    agent,
  );
  return claimIssue.lease;
}

const agentCard = (page: Page, agent: string): Locator =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: agent }) });

test("an agent that claims an issue is at work at once, with its lease, its checkpoint and its result", async ({
  page,
  service,
}) => {
  const agent = "night-shift";
  const id = await quietIssue(service);
  const { issue } = await ask<{ issue: { title: string } }>(
    service,
    `query ($id: ID!) { issue(id: $id) { title } }`,
    { id },
  );
  await page.goto("/agents");
  await expect(page.getByRole("heading", { name: "Work over time" })).toBeVisible();
  await untilReady(page);

  const lease = await claim(service, agent, id);
  const card = agentCard(page, agent);
  await expect(card).toContainText("at work");
  const held = card.getByRole("list", { name: `Leases of ${agent}` }).getByRole("listitem");
  await expect(held).toContainText(issue.title);
  await expect(held).toContainText("claimed");
  await expect(held).toContainText("min left");

  const proof = { leaseId: lease.id, fencingToken: lease.fencingToken };
  await ask(
    service,
    `mutation ($input: RenewLeaseInput!) { renewLease(input: $input) { lease { id } } }`,
    { input: { ...proof, checkpoint: "CHANGES_MADE" } },
    agent,
  );
  await expect(held).toContainText("changes made");

  await ask(
    service,
    `mutation ($input: FinishWorkInput!) { finishWork(input: $input) { issue { id } } }`,
    { input: { ...proof, outcome: "PR_OPENED" } },
    agent,
  );
  await expect(card).toContainText("No lease at the moment");
  await expect(card).toContainText("1of 1 succeeded (100 %)");
  await expect(card).toContainText("idle");

  // With the keyboard: to the row of this agent, to its bar, and to its issue.
  const picture = page.getByRole("img", { name: "Work of agents in the last 24 hours" });
  const told = page.locator("figure [aria-live=polite]");
  await expect(async () => {
    // Starts in the first row. In the last row the arrow key has no effect.
    await picture.blur();
    await picture.focus();
    for (let row = 0; row < 50 && !(await told.innerText()).includes(agent); row += 1)
      await page.keyboard.press("ArrowDown");
    expect(await told.innerText()).toContain(agent);
  }).toPass();
  await expect(told).toContainText("opened a pull request");
  await expect(told).toContainText(issue.title);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/board\\?issue=${id}`));
});

test("the timeline has the number of days of the address", async ({ page }) => {
  await page.goto("/agents?days=7");
  await expect(page.getByRole("button", { name: "7 days" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await page.getByRole("button", { name: "30 days" }).click();
  await expect(page).toHaveURL(/\/agents\?days=30$/);
  await expect(page.getByRole("img", { name: "Work of agents in the last 30 days" })).toBeVisible();
});

test("a phone shows agents without horizontal scrolling and without axe violations", async ({
  browser,
  service,
}) => {
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await claim(service, "pocket", await quietIssue(service));
  await page.goto("/agents");
  await expect(agentCard(page, "pocket")).toContainText("at work");
  const widths = await page.evaluate(() =>
    [document.documentElement, document.querySelector("main")].map((each) => each?.scrollWidth),
  );
  expect(Math.max(...widths.map((width) => width ?? 0))).toBeLessThanOrEqual(390);

  expect(await violations(page)).toEqual([]);
  await context.close();
});
