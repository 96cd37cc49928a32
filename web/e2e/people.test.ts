import type { Browser, Locator, Page } from "@playwright/test";
import { violations } from "./support/axe.ts";
import { awaitInput, claim, giveBack, readMessages, type Lease } from "./support/leases.ts";
import type { Service } from "./support/service.ts";
import { ask, card, expect, openBoard, quietIssue, test, untilReady } from "./support/test.ts";

// Stop requests and messages to holders, and pauses.

const markOn = (page: Page, id: string, kind: "asks" | "stops"): Locator =>
  card(page, id).locator(`[data-hold=${kind}]`);

const holderOf = (page: Page, agent: string): Locator =>
  page.getByRole("region", { name: `Held by ${agent}` });

const messagesTo = (page: Page, agent: string): Locator =>
  page.getByRole("list", { name: `Messages to ${agent}` }).getByRole("listitem");

const banner = (page: Page): Locator => page.getByRole("list", { name: "What is paused" });

async function stateOf(service: Service, id: string) {
  const { issue } = await ask<{
    issue: { lease: { stopReason: string | null; messages: { id: string; body: string }[] } };
  }>(service, "query ($id: ID!) { issue(id: $id) { lease { stopReason messages { id body } } } }", {
    id,
  });
  return issue.lease;
}

/** Marks all messages to the holder of an issue as read. */
async function readAll(service: Service, agent: string, id: string, lease: Lease): Promise<void> {
  const { messages } = await stateOf(service, id);
  await readMessages(service, agent, lease, messages.at(-1)?.id ?? "");
}

test("a holder's question is shown on the card and answered in the panel", async ({
  page,
  service,
}) => {
  const agent = "asks-first";
  const id = await quietIssue(service);
  const lease = await claim(service, agent, id);
  await openBoard(page);
  await awaitInput(service, agent, lease, "May I drop the old column?\nNothing reads it.");
  await expect(markOn(page, id, "asks")).toContainText("waits for an answer");
  await expect(markOn(page, id, "asks")).toHaveAttribute(
    "title",
    "asks-first asks: May I drop the old column? Nothing reads it.",
  );

  await card(page, id).click();
  const holder = holderOf(page, agent);
  const question = holder.getByRole("group", { name: `Question of ${agent}` });
  await expect(question).toContainText("May I drop the old column?");

  // A rejected message returns to the text box.
  await page.route("**/graphql", (route) =>
    route.request().postData()?.includes("SendMessage") === true
      ? route.fulfill({
          json: { errors: [{ message: "It was sent too many", extensions: { code: "CONFLICT" } }] },
        })
      : route.fallback(),
  );
  const box = holder.getByLabel(`Answer to ${agent}`);
  await box.fill("Yes, drop it.");
  await box.press("Control+Enter");
  await expect(holder.getByRole("alert")).toHaveText("Not sent: It was sent too many");
  await expect(box, "nothing typed is lost").toHaveValue("Yes, drop it.");
  await page.unroute("**/graphql");

  await holder.getByRole("button", { name: "Try again" }).click();
  await expect(question).toHaveCount(0);
  await expect(markOn(page, id, "asks")).toHaveCount(0);
  await expect(messagesTo(page, agent)).toContainText("Yes, drop it.");
  expect((await stateOf(service, id)).messages.map(({ body }) => body)).toEqual(["Yes, drop it."]);
  await expect(
    page.getByRole("listitem").filter({ hasText: "wrote to the agent" }).first(),
  ).toBeVisible();
});

test("a message to a holder shows when it was read", async ({ page, service }) => {
  const agent = "reads-later";
  const id = await quietIssue(service);
  const lease = await claim(service, agent, id);
  await openBoard(page, `?issue=${id}`);
  const box = holderOf(page, agent).getByLabel(`Message to ${agent}`);
  await box.fill("Look at the other branch first.");
  await holderOf(page, agent).getByRole("button", { name: "Send" }).click();
  const message = messagesTo(page, agent);
  await expect(message).toContainText("Look at the other branch first.");
  await expect(message).toContainText("not read yet");
  await readAll(service, agent, id, lease);
  await expect(message).toContainText("read just now");
});

test("a holder is asked to stop, and the request is withdrawn", async ({ page, service }) => {
  const agent = "goes-on";
  const id = await quietIssue(service);
  await claim(service, agent, id);
  await openBoard(page, `?issue=${id}`);
  const holder = holderOf(page, agent);
  await holder.getByRole("button", { name: "Ask to stop" }).click();
  const dialog = page.getByRole("dialog", { name: `Ask ${agent} to stop` });
  await expect(dialog.getByLabel("Why")).toBeFocused();
  await expect(dialog.getByLabel("Time to stop")).toHaveValue("300");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(holder.getByRole("button", { name: "Ask to stop" })).toBeFocused();

  await page.keyboard.press("Enter");
  await expect(dialog.getByLabel("Why")).toBeFocused();
  await page.keyboard.type("The customer has changed their mind");
  await page.keyboard.press("Enter");
  const stop = holder.getByRole("group", { name: `${agent} was asked to stop` });
  await expect(stop).toContainText(/Asked to stop by .+ at .+; will be released at /);
  await expect(stop).toContainText("The customer has changed their mind");
  await expect(markOn(page, id, "stops")).toContainText("asked to stop");
  await expect(holder.getByRole("button", { name: "Ask to stop" })).toHaveCount(0);
  expect((await stateOf(service, id)).stopReason).toBe("The customer has changed their mind");

  const goOn = stop.getByRole("button", { name: "Let it go on" });
  await expect(goOn, "it took the place of what was pressed").toBeFocused();
  await page.keyboard.press("Enter");
  await expect(stop).toHaveCount(0);
  await expect(markOn(page, id, "stops")).toHaveCount(0);
  await expect(holder.getByRole("button", { name: "Ask to stop" })).toBeFocused();
  expect((await stateOf(service, id)).stopReason).toBeNull();
});

test("the agents page shows who waits for an answer and who was asked to stop", async ({
  page,
  service,
}) => {
  const agent = "waits-and-stops";
  const id = await quietIssue(service);
  const lease = await claim(service, agent, id);
  await page.goto("/agents");
  await untilReady(page);
  const held = page.getByRole("list", { name: `Leases of ${agent}` }).getByRole("listitem");
  await expect(held).toBeVisible();
  await awaitInput(service, agent, lease, "Which one?");
  await expect(held).toContainText("waits for an answer");
  await ask(
    service,
    `mutation ($id: ID!) { requestStop(input: {leaseId: $id}) { lease { id } } }`,
    {
      id: lease.id,
    },
  );
  await expect(held).toContainText("asked to stop");
});

test("a pause is shown in every window at once, with the held issues, until it ends", async ({
  page,
  context,
  service,
}) => {
  const agent = "drains";
  const { repositories } = await ask<{ repositories: { fullName: string }[] }>(
    service,
    "{ repositories { fullName } }",
  );
  const id = await quietIssue(service);
  const lease = await claim(service, agent, id);
  const other = await context.newPage();
  await openBoard(other);
  await page.goto("/queue?agent=quill");
  await expect(page.getByRole("heading", { name: "Inconsistencies" })).toBeVisible();
  await untilReady(page);
  await page.keyboard.press("p");
  const dialog = page.getByRole("dialog", { name: "Pause work" });
  await expect(dialog.getByRole("radio", { name: "Everything" })).toBeFocused();
  await dialog.getByText("A repository").click();
  await expect(dialog.getByLabel("Repository", { exact: true }).getByRole("option")).toHaveCount(
    repositories.length,
  );
  await dialog.getByText("An agent").click();
  await dialog.getByLabel("Agent", { exact: true }).selectOption(agent);
  await dialog.getByText("Until resumed").click();
  await dialog.getByLabel("Why").fill("Its tests are wrong");
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);

  for (const window of [page, other]) {
    await expect(banner(window)).toContainText(
      /The agent drains is paused by .+: Its tests are wrong · until resumed · 1 issue still held/,
    );
  }
  await page.goto(`/queue?agent=${agent}`);
  await expect(page.getByRole("button", { name: /^paused by a person/ })).toBeVisible();

  // A second pause of the same scope changes the first.
  await page.getByRole("button", { name: "Pause work…" }).click();
  await dialog.getByText("An agent").click();
  await dialog.getByLabel("Agent", { exact: true }).selectOption(agent);
  await expect(dialog).toContainText(
    "The agent drains is paused already; this changes that pause.",
  );
  await dialog.getByText("15 min").click();
  await dialog.getByLabel("Tell holders to stop").check();
  await dialog.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(banner(other)).toContainText(
    /The agent drains is paused by .+ until \d.+ · 1 issue still held, told to stop/,
  );
  await expect(banner(other).getByRole("listitem")).toHaveCount(1);

  await giveBack(service, agent, lease);
  await expect(banner(other)).toContainText("drained");

  const resume = page.getByRole("button", { name: "Resume the agent drains" });
  await page.route("**/graphql", (route) =>
    route.request().postData()?.includes("ResumeWork") === true
      ? route.fulfill({
          json: { errors: [{ message: "Not now", extensions: { code: "UNAVAILABLE" } }] },
        })
      : route.fallback(),
  );
  await resume.click();
  await expect(banner(page).getByRole("alert")).toHaveText("Not resumed: Not now");
  await page.unroute("**/graphql");
  await resume.click();
  for (const window of [page, other]) await expect(banner(window)).toHaveCount(0);
  await expect(page.getByRole("main"), "the focus is not lost").toBeFocused();
  await expect(page.getByRole("button", { name: /^paused by a person/ })).toHaveCount(0);
  await page.goto("/audit");
  await expect(page.getByRole("main")).toContainText("paused work");
  await expect(page.getByRole("main")).toContainText("resumed work");
});

/** Pauses everything through the API. Returns the function that resumes it. */
async function pauseAll(service: Service, reason: string): Promise<() => Promise<unknown>> {
  const { pauseWork } = await ask<{ pauseWork: { pause: { id: string } } }>(
    service,
    `mutation ($reason: String) {
      pauseWork(input: { scope: EVERYTHING, reason: $reason, forMinutes: 60 }) { pause { id } }
    }`,
    { reason },
  );
  return () =>
    ask(service, `mutation ($id: ID!) { resumeWork(input: { pauseId: $id }) { pauseId } }`, {
      id: pauseWork.pause.id,
    });
}

/** An issue whose holder asked a question, has a message and was asked to stop. */
async function troubled(service: Service, agent: string): Promise<string> {
  const id = await quietIssue(service);
  const lease = await claim(service, agent, id);
  const input = { leaseId: lease.id };
  for (const body of ["Start with the tests, please.", "And leave the schema as it is."]) {
    await ask(
      service,
      `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { lease { id } } }`,
      { input: { ...input, body } },
    );
    if (body.startsWith("Start")) await readAll(service, agent, id, lease);
  }
  await awaitInput(
    service,
    agent,
    lease,
    "The endpoint answers with 200 and an empty list where the docs promise 404.\n\n" +
      "Shall I follow the docs, which breaks two clients, or leave it?",
  );
  await ask(
    service,
    `mutation ($input: RequestStopInput!) { requestStop(input: $input) { lease { id } } }`,
    { input: { ...input, reason: "The design is being changed", graceSeconds: 3600 } },
  );
  return id;
}

/** Saves a screenshot in the directory of the environment variable `PICTURES`, if it is set. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.PICTURES;
  if (folder !== undefined)
    await page.screenshot({ path: `${folder}/${name}.png`, animations: "disabled" });
}

async function look(page: Page, service: Service, name: string): Promise<void> {
  const agent = `troubled-${name}`;
  const id = await troubled(service, agent);
  const resume = await pauseAll(service, "A release is on its way");
  await openBoard(page);
  await expect(markOn(page, id, "asks")).toBeVisible();
  await expect(banner(page)).toBeVisible();
  await picture(page, `board-${name}`);
  expect(await violations(page)).toEqual([]);

  await openBoard(page, `?issue=${id}`);
  await expect(messagesTo(page, agent)).toHaveCount(2);
  await picture(page, `panel-${name}`);
  expect(await violations(page)).toEqual([]);
  const holder = holderOf(page, agent);
  await holder.getByRole("button", { name: "Let it go on" }).click();
  await holder.getByRole("button", { name: "Ask to stop" }).click();
  await expect(page.getByRole("dialog", { name: `Ask ${agent} to stop` })).toBeVisible();
  await picture(page, `stop-${name}`);
  expect(await violations(page)).toEqual([]);

  await page.goto("/queue?agent=quill");
  await expect(page.getByRole("heading", { name: "Inconsistencies" })).toBeVisible();
  await expect(banner(page)).toBeVisible();
  await picture(page, `queue-${name}`);
  const main = page.getByRole("main");
  expect(await main.evaluate((main) => main.scrollWidth - main.clientWidth)).toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Pause work…" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause work" });
  await dialog.getByText("A repository").click();
  await picture(page, `dialog-${name}`);
  expect(await violations(page)).toEqual([]);

  await page.goto("/agents");
  await expect(page.getByRole("list", { name: `Leases of ${agent}` })).toBeVisible();
  await picture(page, `agents-${name}`);
  await resume();
}

async function within(
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0],
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  await use(await context.newPage());
  await context.close();
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`questions, messages, stop requests and pauses have no axe violations, ${colorScheme}`, async ({
    browser,
    service,
  }) => {
    const options = { baseURL: service.url, colorScheme, viewport: { width: 1440, height: 900 } };
    await within(browser, options, (page) => look(page, service, colorScheme));
  });
}

test("a phone shows questions, messages, stop requests and pauses", async ({
  browser,
  service,
}) => {
  const options = {
    baseURL: service.url,
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  };
  await within(browser, options, (page) => look(page, service, "phone"));
});
