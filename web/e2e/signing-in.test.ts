/* eslint-disable no-empty-pattern -- the runner reads the names of what a fixture needs from there */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "@playwright/test";
import { violations } from "./support/axe.ts";
import { serve, test as base, type GitHub } from "./support/github.ts";
import { claim } from "./support/leases.ts";
import { lend, type Service } from "./support/service.ts";
import {
  AGENT_TOKEN,
  ask,
  card,
  column,
  expect,
  moveElsewhere,
  quietIssue,
  test as demo,
  watch,
} from "./support/test.ts";

const MAINTAINER_TOKEN = "the-maintainers-token-of-the-tests";
const WORKER_TOKEN = "a-workers-token-of-the-tests";
const COOKIE = "dispatch_session";
const TRACKED = 4;

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

type Services = {
  /** Mode `open` with tokens. */
  readonly open: Service;
  /** Mode `read-only` with tokens. */
  readonly readOnly: Service;
  /** Mode `open` without a token. */
  readonly bare: Service;
};

/** A service with the simulated GitHub. */
const serving = (settings: Readonly<Record<string, string>>): Serving => [
  async ({ github }, use) => {
    const service = serve(github, {
      GITHUB_REPOSITORIES: github.repositories.slice(0, TRACKED).join(","),
      ...settings,
    });
    await lend(service, use);
  },
  { scope: "worker", timeout: 200_000 },
];

type Serving = [
  (
    fixtures: { readonly github: GitHub },
    use: (service: Service) => Promise<void>,
  ) => Promise<void>,
  { scope: "worker"; timeout: number },
];

const TOKENS = {
  DISPATCH_MAINTAINER_TOKEN: MAINTAINER_TOKEN,
  DISPATCH_AGENT_TOKEN: AGENT_TOKEN,
  DISPATCH_WORKER_TOKEN: WORKER_TOKEN,
};

const test = base.extend<
  { visit: (service: Service, options?: BrowserContextOptions) => Promise<Page> },
  Services
>({
  // These tests open pages with `visit`, so they do not need the demo.
  baseURL: async ({}, use) => use(undefined),
  watched: async ({}, use) => use(undefined),
  open: serving(TOKENS),
  readOnly: serving({ ...TOKENS, DISPATCH_AUTH_MODE: "read-only" }),
  bare: serving({}),
  /** Opens a page of a service in a new browser context. It must log no errors, except for rejected sign-ins. */
  visit: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    const problems: string[] = [];
    await use(async (service, options) => {
      const context = await newContext(browser, service, options);
      contexts.push(context);
      context.on("page", (page) => watch(page, service, problems));
      return context.newPage();
    });
    for (const context of contexts) await context.close();
    expect(problems.filter((line) => !/responded with a status of 4\d\d/.test(line))).toEqual([]);
  },
});

const newContext = (browser: Browser, { url }: Service, options: BrowserContextOptions = {}) =>
  browser.newContext({ baseURL: url, ...options });

const dialogOf = (page: Page) => page.getByRole("dialog", { name: "Sign in" });
const railOf = (page: Page) => page.getByRole("navigation", { name: "Pages" });
const holderOf = (page: Page, agent: string) =>
  page.getByRole("region", { name: `Held by ${agent}` });
const exactly = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const isLive = (page: Page) => expect(page.locator("[data-connection=live]")).toBeVisible();

/** Fills in the open sign-in dialog and submits it. */
async function signIn(page: Page, name = "Sam", token = MAINTAINER_TOKEN): Promise<void> {
  await dialogOf(page).getByLabel("Name").fill(name);
  await dialogOf(page).getByLabel("Token").fill(token);
  await dialogOf(page).getByRole("button", { name: "Sign in" }).click();
}

/** The commands of the palette for a search. */
async function offered(page: Page, word: string): Promise<readonly string[]> {
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Do or go to" });
  await field.fill(word);
  const found = await page.getByRole("option").allTextContents();
  await page.keyboard.press("Escape");
  await expect(field).toBeHidden();
  return found;
}

type Ready = { readonly id: string; readonly agent: string };

/** An unclaimed issue that an agent may claim. Each test uses another one, by its position. */
async function readyIssue(service: Service, place: number): Promise<Ready> {
  const { issues } = await ask<{ issues: { nodes: { id: string; agents: string[] }[] } }>(
    service,
    "{ issues(filter: {statuses: [READY]}, first: 20) { nodes { id agents } } }",
  );
  // A repair by another test has removed the agent. All services here share one simulated GitHub.
  const assigned = issues.nodes.flatMap(({ id, agents: [agent] }) =>
    agent === undefined ? [] : [{ id, agent }],
  );
  const found = assigned[place];
  if (!found) throw new Error("no ready issue");
  return found;
}

test("actions of maintainers are offered after signing in, and the log names the person", async ({
  visit,
  open,
}) => {
  const [{ id: held, agent }, spoiled] = [await readyIssue(open, 0), await readyIssue(open, 1)];
  await claim(open, agent, held);
  await claim(open, spoiled.agent, spoiled.id);
  await moveElsewhere(open, spoiled.id, "BACKLOG");
  const page = await visit(open);

  await page.goto(`/board?issue=${held}`);
  const holder = holderOf(page, agent);
  await expect(holder.getByRole("button", { name: "Sign in to release it." })).toBeVisible();
  await expect(exactly(page, "Release")).toHaveCount(0);
  await expect(page.getByLabel("Comment", { exact: true }), "open to everybody").toBeVisible();

  await page.goto("/queue?agent=quill");
  const finding = page
    .getByRole("list", { name: "Inconsistencies" })
    .getByRole("listitem")
    .filter({ has: page.locator(`a[href="/board?issue=${spoiled.id}"]`) });
  await expect(finding).toBeVisible();
  await expect(page.getByRole("button", { name: /^Repair/ })).toHaveCount(0);
  await page.getByRole("button", { name: "Sign in to repair them." }).click();

  const dialog = dialogOf(page);
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await signIn(page, "Sam", "not-a-token-of-this-server");
  await expect(dialog.getByRole("alert")).toHaveText("The token is wrong.");
  await expect(dialog.getByLabel("Token")).toBeFocused();
  await signIn(page, "Sam", WORKER_TOKEN);
  await expect(dialog.getByRole("alert")).toContainText("signs nobody in");
  await signIn(page, "Operator");
  await expect(dialog.getByRole("alert")).toContainText("reserved");
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await signIn(page);
  await expect(page.getByText("Signed in as Sam.")).toBeVisible();
  await expect(dialog).toBeHidden();

  await expect(page.locator(":focus"), "in place of what led here").toHaveText("Repair");
  await expect(railOf(page)).toContainText("Sam");
  await finding.getByRole("button", { name: /^Repair/ }).click();
  await expect(page.getByRole("list", { name: "Repaired just now" })).toContainText(
    `removed agent/${spoiled.agent}`,
  );

  const [cookie] = (await page.context().cookies()).filter(({ name }) => name === COOKIE);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(await page.evaluate(() => document.cookie)).toBe("");
  expect(await page.content()).not.toContain(MAINTAINER_TOKEN);
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain(
    MAINTAINER_TOKEN,
  );
  expect(page.url()).not.toContain("token");

  await page.goto(`/board?issue=${held}`);
  await exactly(page, "Release").click();
  await expect(page.getByLabel("Why, for the audit log")).toBeFocused();
  await page.keyboard.type("It sleeps.");
  await page.keyboard.press("Enter");
  await expect(page.getByText(`Taken from ${agent}.`)).toBeVisible();

  await page.goto("/audit?actor=Sam");
  const log = page.getByRole("main", { name: "Audit log" }).getByRole("listitem");
  await expect(log.filter({ hasText: "Sam" }).filter({ hasText: "repaired" })).toHaveCount(1);
  await expect(log.filter({ hasText: "gave back" })).toContainText("Sam");
  await expect(log.filter({ hasText: "signed in" })).toContainText("Sam");

  await claim(open, agent, held);
  await page.goto(`/board?issue=${held}`);
  await expect(exactly(page, "Release")).toBeVisible();
  await railOf(page).getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await expect(exactly(page, "Release")).toHaveCount(0);
  await expect(holder.getByRole("button", { name: "Sign in to release it." })).toBeVisible();
  await expect(railOf(page)).not.toContainText("Sam");
  expect((await page.context().cookies()).filter(({ name }) => name === COOKIE)).toEqual([]);

  await railOf(page).getByRole("button", { name: "Sign in" }).click();
  await expect(dialog.getByLabel("Name"), "asked once").toHaveValue("Sam");
  await expect(dialog.getByLabel("Token")).toBeFocused();
  await expect(dialog.getByLabel("Token")).toHaveValue("");
});

test("the windows of a browser share the sign-in, also on their connections", async ({
  visit,
  open,
}) => {
  const one = await visit(open);
  const other = await one.context().newPage();
  const sockets = { one: 0, other: 0 };
  one.on("websocket", () => (sockets.one += 1));
  other.on("websocket", () => (sockets.other += 1));
  await one.goto("/board");
  await other.goto("/audit");
  await isLive(one);
  await isLive(other);
  await one.evaluate(() => {
    const seen = new Set<string>();
    new MutationObserver(() => {
      seen.add(document.querySelector<HTMLElement>("[data-connection]")?.dataset.connection ?? "");
      document.documentElement.dataset.seen = [...seen].join(" ");
    }).observe(document.body, { subtree: true, attributes: true, childList: true });
  });
  expect(sockets).toEqual({ one: 1, other: 1 });

  await railOf(one).getByRole("button", { name: "Sign in" }).click();
  await signIn(one, "Toni");
  await expect(one.getByText("Signed in as Toni.")).toBeVisible();
  await expect(railOf(other)).toContainText("Toni");
  await expect(other.getByText("Signed in as Toni.")).toBeVisible();
  await expect.poll(() => sockets).toEqual({ one: 2, other: 2 });
  await isLive(one);
  await isLive(other);
  expect(await one.evaluate(() => document.documentElement.dataset.seen)).not.toContain("stale");

  expect(await offered(other, "sign")).toEqual(["Sign out Toni"]);
  await other.keyboard.press("Control+k");
  await other.getByRole("combobox", { name: "Do or go to" }).fill("sign out");
  await other.keyboard.press("Enter");
  await expect(railOf(one).getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(railOf(other).getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect.poll(() => sockets).toEqual({ one: 3, other: 3 });
});

test("the end of a session is noticed when an action is denied", async ({ visit, open }) => {
  const { id, agent } = await readyIssue(open, 2);
  await claim(open, agent, id);
  const page = await visit(open);
  await page.goto(`/board?issue=${id}`);
  await page.getByRole("button", { name: "Sign in to release it." }).click();
  await signIn(page);
  await exactly(page, "Release").click();
  await page.context().clearCookies();
  await page.keyboard.press("Enter");
  await expect(page.getByText("You are signed out.")).toBeVisible();
  const holder = holderOf(page, agent);
  await expect(holder.getByRole("button", { name: "Sign in to release it." })).toBeVisible();
  await expect(holder.getByRole("form")).toHaveCount(0);
});

test("a read-only board offers no actions until somebody signs in", async ({ visit, readOnly }) => {
  const { id, agent } = await readyIssue(readOnly, 0);
  const page = await visit(readOnly);
  await page.goto("/board");
  await isLive(page);
  const why = page.getByRole("button", { name: "Sign in to move cards." });
  await expect(why).toBeVisible();
  await expect(page.getByRole("button", { name: /^Sync with GitHub/ })).toHaveCount(0);
  await expect(page.getByText(/^Synced/), "still told").toBeVisible();

  const first = page.locator("[data-card]").first();
  const box = await first.boundingBox();
  if (!box) throw new Error("no card");
  await page.mouse.move(box.x + 40, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 200, box.y + 60, { steps: 6 });
  await expect(page.locator("[data-held]")).toHaveCount(0);
  await page.mouse.move(box.x + 40, box.y + 20);
  await page.mouse.up();
  await page.keyboard.press("Escape");

  await first.focus();
  const notice = page.getByRole("status").filter({ hasText: "Sign in to" });
  for (const [key, words] of [
    ["m", "Sign in to move cards."],
    ["a", "Sign in to change issues."],
    ["Space", "Sign in to move cards."],
    ["z", "Sign in to undo moves."],
  ] as const) {
    await page.keyboard.press(key);
    await expect(notice, key).toHaveText(words);
    await expect(page.getByRole("dialog"), key).toHaveCount(0);
  }
  expect(await offered(page, "move")).toEqual([]);
  expect(await offered(page, "undo")).toEqual([]);
  expect(await offered(page, "sync")).toEqual([]);
  expect(await offered(page, "sign in")).toEqual(["Sign in"]);

  await first.focus();
  await page.keyboard.press("x");
  const bar = page.getByRole("toolbar", { name: "Selected cards" });
  await expect(bar).toContainText("1 selected");
  await expect(bar.getByRole("button", { name: "Agent" })).toHaveCount(0);
  await page.keyboard.press("Escape");

  await page.keyboard.press("v");
  const views = page.getByRole("dialog", { name: "Views" });
  await expect(views.getByRole("button", { name: "Sign in to save views." })).toBeVisible();
  await expect(views.getByRole("textbox")).toHaveCount(0);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  const repositories = page.getByRole("dialog", { name: "Repositories" });
  await expect(repositories.getByRole("listitem")).toHaveCount(TRACKED);
  await expect(repositories.getByRole("textbox")).toHaveCount(0);
  const changing = /^(Remove|Sync|Track|Labels)/;
  await expect(repositories.getByRole("button", { name: changing })).toHaveCount(0);
  await expect(repositories).toContainText("Sign in to track repositories.");
  await expect(repositories).toContainText("Sign in to change what labels mean.");
  await page.keyboard.press("Escape");

  await page.goto("/queue?agent=quill");
  await expect(page.getByRole("button", { name: "Sign in to pause work." })).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause work…" })).toHaveCount(0);

  await page.goto(`/board?issue=${id}`);
  const panel = page.getByRole("complementary", { name: /^Issue / });
  await expect(panel.getByRole("button", { name: "Sign in to comment." })).toBeVisible();
  await expect(panel.getByRole("textbox")).toHaveCount(0);
  for (const name of ["Ready", `Agent ${agent}`]) {
    await expect(panel.getByRole("button", { name })).toBeDisabled();
  }
  await page.keyboard.press("Escape");

  await why.click();
  await signIn(page);
  await expect(why).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Sync with GitHub/ })).toBeVisible();
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeFocused();
  await expect(page.locator("[data-pending]")).toHaveCount(0);
  await page.keyboard.press("z");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toHaveCount(0);
});

test("without a way to sign in, the setting is named and there is no button", async ({
  visit,
  bare,
}) => {
  const page = await visit(bare);
  await page.goto("/board");
  await isLive(page);
  await expect(page.getByRole("button", { name: /^Sync with GitHub/ })).toBeVisible();
  await expect(page.getByRole("button", { name: /Sign/ })).toHaveCount(0);
  expect(await offered(page, "sign")).toEqual([]);

  await page.goto(`/queue?agent=${(await readyIssue(bare, 0)).agent}`);
  await expect(
    page.getByText(
      "Repairing needs a maintainer: set DISPATCH_MAINTAINER_TOKEN on the server, then sign in here.",
    ),
  ).toBeVisible();
  await expect(page.getByRole("button", { name: /Sign|^Repair/ })).toHaveCount(0);
});

test("a phone offers to sign in as well", async ({ visit, readOnly }) => {
  const page = await visit(readOnly, PHONE);
  await page.goto("/board");
  await isLive(page);
  await expect(page.getByRole("button", { name: "Sign in to move cards." })).toBeInViewport();

  await page.getByRole("button", { name: "Commands", exact: true }).click();
  await page.getByRole("option", { name: "Sign in" }).click();
  await expect(dialogOf(page)).toBeInViewport({ ratio: 1 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await violations(page)).toEqual([]);
  await signIn(page);
  await expect(page.getByText("Signed in as Sam.")).toBeVisible();

  await page.getByRole("button", { name: "Commands", exact: true }).click();
  await page.getByRole("option", { name: "Sign out Sam" }).click();
  await expect(page.getByRole("button", { name: "Sign in to move cards." })).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  test(`the sign-in and the signed-in person have no axe violations, ${theme}`, async ({
    visit,
    readOnly,
  }) => {
    const page = await visit(readOnly, { colorScheme: theme });
    await page.goto(`/board?issue=${(await readyIssue(readOnly, 1)).id}`);
    await isLive(page);
    await expect(page.getByRole("button", { name: "Sign in to comment." })).toBeVisible();
    expect(await violations(page)).toEqual([]);

    await railOf(page).getByRole("button", { name: "Sign in" }).click();
    expect(await violations(page)).toEqual([]);
    await signIn(page, "Sam", "not-a-token-of-this-server");
    await expect(dialogOf(page).getByRole("alert")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await signIn(page);
    await expect(railOf(page)).toContainText("Sam");
    expect(await violations(page)).toEqual([]);
  });
}

demo("the demo offers everything and asks nobody to sign in", async ({ page, service }) => {
  const id = await quietIssue(service);
  await claim(service, "forgetful", id);
  await moveElsewhere(service, id, "READY");
  await page.goto("/queue?agent=quill");
  const finding = page
    .getByRole("list", { name: "Inconsistencies" })
    .getByRole("listitem")
    .filter({ has: page.locator(`a[href="/board?issue=${id}"]`) });
  await expect(finding.getByRole("button", { name: /^Repair/ })).toBeVisible();
  await expect(page.getByRole("button", { name: /Sign/ })).toHaveCount(0);
  expect(await offered(page, "sign")).toEqual([]);
});
