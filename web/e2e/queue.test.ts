import { violations } from "./support/axe.ts";
import { claim, giveBack, renew, type Lease } from "./support/leases.ts";
import { serve, test as simulated } from "./support/github.ts";
import { lend } from "./support/service.ts";
import {
  AGENT_TOKEN,
  ask,
  card,
  column,
  expect,
  moveElsewhere,
  openBoard,
  quietIssue,
  test as base,
  untilReady,
} from "./support/test.ts";

base("a claim is shown on the card at once, with its checkpoint", async ({ page, service }) => {
  const agent = "ring-bearer";
  const id = await quietIssue(service);
  await openBoard(page);
  await expect(card(page, id)).toBeVisible();
  const lease = await claim(service, agent, id);
  const mark = card(page, id).locator(`[data-lease="${agent}"]`);
  await expect(mark).toContainText("claimed");
  await expect(mark).toHaveAttribute("title", /^Held by ring-bearer until .+ \(\d+ min left\)/);
  expect(Number(await mark.locator("[data-left]").getAttribute("data-left"))).toBeGreaterThan(0.9);

  await renew(service, agent, lease, "CHANGES_MADE");
  await expect(mark).toContainText("changes made");

  await card(page, id).click();
  const holder = page.getByRole("region", { name: `Held by ${agent}` });
  await expect(holder).toContainText("ring-bearer holds this");
  await expect(holder).toContainText(/until .+ · \d+ min left/);
  await expect(holder.getByRole("img", { name: "Checkpoint 3 of 6: changes made" })).toBeVisible();

  await giveBack(service, agent, lease);
  await expect(holder).toBeHidden();
  await expect(mark).toHaveCount(0);
});

base(
  "a person ends a lease with a reason, which is in the history of the issue",
  async ({ page, service }) => {
    const agent = "sleeper";
    const id = await quietIssue(service);
    const lease = await claim(service, agent, id);
    await openBoard(page, `?issue=${id}`);
    const panel = page.getByRole("complementary", { name: /^Issue / });
    const holder = panel.getByRole("region", { name: `Held by ${agent}` });
    await holder.getByRole("button", { name: "Release" }).click();
    const question = panel.getByRole("form", { name: `Release from ${agent}` });
    await expect(question.getByLabel("Why, for the audit log")).toBeFocused();
    await question.getByRole("button", { name: "Keep" }).click();
    await expect(question).toBeHidden();
    await expect(holder, "nothing happened").toBeVisible();

    await holder.getByRole("button", { name: "Release" }).click();
    await expect(question.getByLabel("Why, for the audit log")).toBeFocused();
    await page.keyboard.type("It sleeps.");
    await page.keyboard.press("Enter");
    await expect(page.getByText(`Taken from ${agent}.`)).toBeVisible();
    await expect(holder).toBeHidden();
    await expect(panel.getByRole("listitem").filter({ hasText: "gave back" })).toContainText(
      `removedagent/${agent}`.replace("removed", "removed "),
    );
    const refused = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${AGENT_TOKEN}` },
      body: JSON.stringify({
        query: `mutation ($input: MoveIssueInput!) { moveIssue(input: $input) { cursor } }`,
        variables: { input: { issueId: id, to: "IN_REVIEW", fencingToken: lease.fencingToken } },
      }),
    });
    expect(await refused.text(), "what the holder still writes").toContain("LEASE_LOST");
  },
);

base(
  "the queue shows the issues that an agent is served, and why others are withheld",
  async ({ page, service }) => {
    const id = await quietIssue(service);
    await claim(service, "holder-of-one", id);
    await openBoard(page);
    await page.keyboard.press("g");
    await page.keyboard.press("q");
    await expect(page).toHaveURL(/\/queue/);
    await expect(page.getByRole("heading", { name: "Inconsistencies" })).toBeVisible();
    await page.keyboard.press("a");
    await page.getByRole("combobox", { name: "Queue of agent" }).fill("quill");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/agent=quill/);
    const next = page.getByRole("list", { name: "Next for quill" }).getByRole("listitem");
    await expect(next.first()).toContainText(/priority\/|ready/);
    const { queue } = await ask<{ queue: { rank: number | null; issue: { id: string } }[] }>(
      service,
      `{ queue(agent: "quill") { rank issue { id } } }`,
    );
    await expect(next).toHaveCount(queue.filter(({ rank }) => rank !== null).length);

    const withheld = page.getByRole("list", { name: "Withheld issues" }).getByRole("listitem");
    await page.getByRole("button", { name: /^held by an agent/ }).click();
    await expect(
      withheld.filter({ has: page.locator(`a[href="/board?issue=${id}"]`) }),
    ).toContainText("holder-of-one");

    await page.keyboard.press("l");
    await page.getByRole("combobox", { name: "Lane" }).fill("default");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/lane=default/);

    await expect(next.first()).toBeVisible();
    await page.keyboard.press("j");
    await expect(next.first().getByRole("link")).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("complementary", { name: /^Issue / })).toBeVisible();
  },
);

base("an issue's priority, agent and lane are changed in its row", async ({ page, service }) => {
  type Found = {
    rank: number | null;
    issue: { id: string; number: number; agents: string[]; repository: { name: string } };
  };
  const { queue } = await ask<{ queue: Found[] }>(
    service,
    `{ queue(agent: "quill") { rank issue { id number agents repository { name } } } }`,
  );
  const found = queue.findLast(({ rank, issue }) => rank !== null && issue.agents.length === 0);
  if (!found) throw new Error("nothing that is nobody's is ranked");
  const { id, number, repository } = found.issue;
  const name = `${repository.name} #${number}`;
  const link = page.locator(`a[href="/board?issue=${id}"]`);
  const next = (agent: string) =>
    page
      .getByRole("list", { name: `Next for ${agent}` })
      .getByRole("listitem")
      .filter({ has: link });
  const button = page.getByRole("button", { name: `Change ${name}`, exact: true });
  const choose = async (words: string) => {
    await page.getByRole("combobox", { name: `Change ${name}`, exact: true }).fill(words);
    await expect(page.getByRole("option").first()).toBeVisible();
    await page.keyboard.press("Enter");
  };

  await page.goto("/queue?agent=quill");
  await button.click();
  await choose("priority urgent");
  await expect(page.getByText(`${name} has the priority Urgent now.`)).toBeVisible();
  await expect(next("quill").getByRole("img", { name: "Urgent priority (P0)" })).toBeVisible();
  await expect(button, "the focus stays where it was").toBeFocused();

  await button.click();
  await choose("agent scout");
  await expect(next("quill")).toHaveCount(0);
  await expect(page.locator("[data-row] a:focus"), "the focus is not lost").toHaveCount(1);

  await page.goto("/queue?agent=scout");
  await expect(next("scout")).toContainText("agent/scout");
  await link.focus();
  await page.keyboard.press("c");
  await choose("lane backlog");
  await expect(page.getByText(`${name} is in the lane backlog now.`)).toBeVisible();
  await expect(next("scout")).toHaveCount(0);

  await page.goto("/queue?agent=scout&lane=backlog");
  await expect(link.locator("xpath=ancestor::li")).toContainText("lane backlog");
  let refused = false;
  await page.route("**/graphql", (route) => {
    const body = route.request().postData() ?? "";
    if (refused || !body.includes("SetLane")) return route.continue();
    refused = true;
    return route.fulfill({
      json: { errors: [{ message: "Not now", extensions: { code: "CONFLICT" } }] },
    });
  });
  await button.click();
  await choose("lane default");
  await expect(link.locator("xpath=ancestor::li").getByRole("alert")).toHaveText(
    "Lane not changed: Not now",
  );
  await button.click();
  await choose("lane default");
  await expect(page.getByText(`${name} is in the lane default now.`)).toBeVisible();

  await page.goto("/audit?action=classify_lane");
  const entry = page.getByRole("listitem").filter({ has: link });
  await expect(entry.first()).toContainText("changed the lane");
  await expect(entry.first()).toContainText("From backlog to default");
});

base(
  "a pause of everything is shown once, above the withheld issues",
  async ({ page, service }) => {
    const { pauseWork } = await ask<{ pauseWork: { pause: { id: string } } }>(
      service,
      `mutation { pauseWork(input: {scope: EVERYTHING, reason: "A release"}) { pause { id } } }`,
    );
    await page.goto("/queue?agent=quill");
    const withheld = page.getByRole("list", { name: "Withheld issues" });
    await page.getByRole("button", { name: /^paused by a person/ }).click();
    await expect(withheld.getByRole("listitem").first()).toContainText("is paused.");
    await expect(withheld).not.toContainText("A release");
    await expect(
      page.getByRole("main").getByText(/^Everything is paused by .+: A release$/),
    ).toHaveCount(1);
    await ask(service, `mutation ($id: ID!) { resumeWork(input: {pauseId: $id}) { pauseId } }`, {
      id: pauseWork.pause.id,
    });
    await expect(page.getByRole("button", { name: /^paused by a person/ })).toHaveCount(0);
  },
);

base(
  "a response to an agent is listed as a decision, with the eligible issues",
  async ({ page, service }) => {
    const agent = "asker";
    await page.goto(`/queue?agent=${agent}`);
    await untilReady(page);
    await expect(page.getByText("asker has not asked for work recently.")).toBeVisible();
    const { claimNext } = await ask<{ claimNext: { lease: Lease & { issue: { title: string } } } }>(
      service,
      `mutation ($agent: String!) {
      claimNext(input: { agent: $agent }) { lease { id fencingToken issue { id title } } idleReason }
    }`,
      { agent },
      agent,
    );
    const decisions = page.getByRole("list", { name: "Recent decisions" });
    const decision = decisions.getByRole("listitem").first();
    await expect(decision).toContainText("was served");
    await expect(decision).toContainText(claimNext.lease.issue.title);
    await decision.locator("summary").click();
    await expect(decision.getByRole("heading", { name: "Eligible" })).toBeVisible();
    await giveBack(service, agent, claimNext.lease);

    await page.getByRole("button", { name: "Only asker" }).click();
    await expect(page).toHaveURL(/decisions=all/);
  },
);

base(
  "the doctor shows an inconsistency at once, and a button repairs it",
  async ({ page, service }) => {
    const id = await quietIssue(service);
    await page.goto("/queue?agent=quill");
    await expect(page.getByRole("heading", { name: "Inconsistencies" })).toBeVisible();
    await untilReady(page);
    await claim(service, "forgetful", id);
    await moveElsewhere(service, id, "READY");
    const link = page.locator(`a[href="/board?issue=${id}"]`);
    const finding = page
      .getByRole("list", { name: "Inconsistencies" })
      .getByRole("listitem")
      .filter({ has: link });
    await expect(finding).toContainText("Lease outside In Progress");
    await finding.getByRole("button", { name: /^Repair / }).click();
    const cured = page
      .getByRole("list", { name: "Repaired just now" })
      .getByRole("listitem")
      .filter({ has: link });
    await expect(cured).toContainText("removed agent/forgetful");
    await expect(finding).toHaveCount(0);

    await page.getByRole("link", { name: "In the audit log" }).click();
    await expect(page).toHaveURL(/\/audit\?action=repair_work/);
    await expect(page.getByRole("listitem").filter({ hasText: "agent/forgetful" })).toContainText(
      "repaired",
    );
  },
);

base("an unknown lane shows the error of the server", async ({ page }) => {
  await page.goto("/queue?agent=quill&lane=nowhere");
  await expect(page.getByRole("alert")).toContainText("Queue could not be loaded");
  await expect(page.getByRole("alert")).toContainText("nowhere");
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  base(
    `the queue and a card with a lease have no axe violations, ${theme}`,
    async ({ page, service }) => {
      await page.emulateMedia({ colorScheme: theme });
      const id = await quietIssue(service);
      const lease = await claim(service, "steady", id);
      await page.goto("/queue?agent=quill&decisions=all");
      await expect(page.getByRole("list", { name: "Next for quill" })).toBeVisible();
      await expect(page.getByRole("list", { name: "Withheld issues" })).toBeVisible();
      expect(await violations(page)).toEqual([]);

      await openBoard(page, `?issue=${id}`);
      const holder = page.getByRole("region", { name: "Held by steady" });
      await holder.getByRole("button", { name: "Release" }).click();
      await expect(holder.getByRole("textbox", { name: /^Why/ })).toBeFocused();
      expect(await violations(page)).toEqual([]);
      await giveBack(service, "steady", lease);
    },
  );
}

base("a phone shows the queue without horizontal scrolling", async ({ browser, service }) => {
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await page.goto("/queue?agent=quill");
  await expect(page.getByRole("list", { name: "Next for quill" })).toBeInViewport();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(
    await page.locator("main").evaluate((main) => main.scrollWidth - main.clientWidth),
  ).toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
  await context.close();
});

/** The issues of the simulated GitHub's first repository that wait for a person. */
const WAITING = 8;

// A service with limits and without simulated people. People do not have the permissions of agents.
const limited = simulated.extend({
  service: [
    async ({ github }, use) => {
      const service = serve(github, {
        GITHUB_REPOSITORIES: github.repositories[0] ?? "",
        DISPATCH_AGENT_TOKEN: AGENT_TOKEN,
        DISPATCH_MAX_IN_PROGRESS_PER_LANE: "2",
        DISPATCH_MAX_WAITING_FOR_HUMAN: String(WAITING + 1),
      });
      await lend(service, use);
    },
    { scope: "worker", timeout: 200_000 },
  ],
});

limited(
  "a column shows its work in progress: amber at the limit, red above",
  async ({ page, service }) => {
    const { issues } = await ask<{ issues: { nodes: { id: string; agents: string[] }[] } }>(
      service,
      "{ issues(filter: {statuses: [READY]}, first: 2) { nodes { id agents } } }",
    );
    const [first, second] = issues.nodes.map(({ id, agents }) => ({
      id,
      agent: agents[0] ?? "one",
    }));
    if (!first || !second) throw new Error("nothing is ready");

    await openBoard(page);
    const progress = column(page, "IN_PROGRESS").locator("[data-limit]");
    await expect(progress).toHaveAttribute("data-limit", "under");
    await expect(progress).toContainText("0/2");
    const lease = await claim(service, first.agent, first.id);
    await expect(progress).toContainText("1/2");
    const other = await claim(service, second.agent, second.id);
    await expect(progress).toHaveAttribute("data-limit", "at");
    await expect(progress).toHaveAttribute("title", /2 of 2 held by agents.*No more is given out/);
    await giveBack(service, first.agent, lease);
    await expect(progress).toHaveAttribute("data-limit", "under");

    await openBoard(page, `?issue=${other.issue.id}`);
    const holder = page.getByRole("region", { name: `Held by ${second.agent}` });
    await expect(holder).toContainText(`${second.agent} holds this`);
    await expect(holder.getByRole("button", { name: "Sign in to release it." })).toBeVisible();
    await expect(holder.getByRole("button", { name: "Release", exact: true })).toHaveCount(0);
    await giveBack(service, second.agent, other);

    const review = column(page, "IN_REVIEW").locator("[data-limit]");
    await expect(review).toContainText(`${WAITING}/${WAITING + 1}`);
    await moveElsewhere(service, first.id, "IN_REVIEW");
    await expect(review).toHaveAttribute("data-limit", "at");
    await moveElsewhere(service, second.id, "IN_REVIEW");
    await expect(review).toHaveAttribute("data-limit", "over");
  },
);
