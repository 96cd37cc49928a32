import type { Page } from "@playwright/test";
import { violations } from "./support/axe.ts";
import {
  allPages,
  ask,
  card,
  column,
  expect,
  moveElsewhere,
  openBoard,
  quietIssue,
  test,
  untilReady,
} from "./support/test.ts";

/** The violations of all pages except the playground. */
async function violationsOfAll(page: Page): Promise<readonly string[]> {
  const paths = (await allPages(page)).filter((each) => each !== "/graphiql");
  const found: string[] = [];
  for (const path of [...paths, "/queue?agent=quill&decisions=all"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator("main :is(li, h2)").filter({ visible: true }).first()).toBeVisible();
    found.push(...(await violations(page)).map((line) => `${path}: ${line}`));
  }
  return found;
}

test("no page has axe violations on a phone", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await violationsOfAll(page)).toEqual([]);
});

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });

    test("the board, its panel and its dialogs have no axe violations", async ({
      page,
      service,
    }) => {
      const id = await quietIssue(service);
      await openBoard(page);
      expect(await violations(page)).toEqual([]);

      await card(page, id).click();
      await expect(page.getByRole("heading", { name: "History" })).toBeVisible();
      expect(await violations(page)).toEqual([]);

      for (const [key, name] of [
        ["m", "Move to"],
        ["a", "Give to agent"],
        ["o", "Set owner"],
        ["p", "Set priority"],
        ["?", "Keys"],
        ["f", "Filter by"],
        ["d", "Display"],
        ["v", "Views"],
        ["Control+k", "Do or go to"],
      ] as const) {
        await page.keyboard.press(key);
        await expect(page.getByRole("dialog", { name })).toBeVisible();
        expect(await violations(page), name).toEqual([]);
        await page.keyboard.press("Escape");
        await expect(page.getByRole("dialog", { name })).toHaveCount(0);
      }

      await page.getByRole("button", { name: "Repositories", exact: true }).click();
      await expect(page.getByRole("list", { name: "Tracked repositories" })).toBeVisible();
      expect(await violations(page), "Repositories").toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Connect GitHub" }).click();
      await expect(page.getByRole("dialog", { name: "Connect your GitHub" })).toBeVisible();
      expect(await violations(page), "Connect GitHub").toEqual([]);
      await page.keyboard.press("Escape");
      await card(page, id).focus();
      await page.keyboard.press("m");
      await page.keyboard.press("5");
      await expect(page.getByLabel("Shown on the card")).toBeFocused();
      expect(await violations(page), "Why is it blocked?").toEqual([]);
      await page.keyboard.press("Escape");
    });

    test("the playground has no axe violations that we can fix", async ({ page }) => {
      await page.goto("/graphiql");
      await expect(page.getByRole("button", { name: /Execute query/ })).toBeVisible();
      await expect(page.locator(".line-numbers").first()).toBeVisible();
      // GraphiQL puts the close buttons inside its tabs, which we cannot change.
      expect(await violations(page, ["nested-interactive"])).toEqual([]);
    });

    test("no page has axe violations", async ({ page }) => {
      expect(await violationsOfAll(page)).toEqual([]);
      await page.goto("/audit");
      await expect(page.locator("main :is(li, h2)").first()).toBeVisible();
      await page.keyboard.press("f");
      await expect(page.getByRole("dialog", { name: "Filter by" })).toBeVisible();
      expect(await violations(page), "the filters of the audit log").toEqual([]);
    });
  });
}

test("the chosen theme is applied before the first paint, and is kept", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await openBoard(page);
  await page.getByRole("button", { name: "Switch to dark mode" }).click();
  await expect(page.locator("html")).toHaveClass("dark");
  expect(await page.evaluate(() => localStorage.getItem("dispatch-theme"))).toBe("dark");

  // The scripts of the page are blocked, so this is the first paint.
  await page.route("**/assets/*.js", (route) => route.abort());
  const before = await page.context().newPage();
  await before.route("**/assets/*.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: "" }),
  );
  await before.goto("/board");
  await expect(before.locator("html")).toHaveClass("dark");
  const background = await before.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(background).toBe("rgb(14, 15, 17)");
});

test("a phone shows the board without horizontal scrolling of the page", async ({
  browser,
  service,
}) => {
  const id = await quietIssue(service);
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await openBoard(page);
  await expect(page.getByRole("heading", { name: "Board" })).toBeInViewport();
  await expect(page.getByRole("link", { name: "Board" })).toBeInViewport();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  const first = await column(page, "BACKLOG").boundingBox();
  expect(first?.width ?? 0).toBeGreaterThan(300);

  await page
    .getByRole("navigation", { name: "Columns" })
    .getByRole("button", { name: /^In Progress/ })
    .tap();
  await card(page, id).tap();
  const panel = page.getByRole("complementary", { name: /^Issue / });
  const history = panel.getByRole("heading", { name: "History" });
  await expect(history).toBeAttached();
  // The description and the comments, which load later, may be long.
  await expect(async () => {
    await history.scrollIntoViewIfNeeded();
    await expect(history).toBeInViewport({ timeout: 1_000 });
  }).toPass();
  expect(await violations(page)).toEqual([]);
  await panel.getByRole("button", { name: "Close" }).tap();
  await expect(panel).toBeHidden();
  await context.close();
});

test("a phone has a tab for each column, which is a drop target", async ({ browser, service }) => {
  const id = await quietIssue(service);
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await openBoard(page);
  const tabs = page.getByRole("navigation", { name: "Columns" });
  await expect(tabs.getByRole("button", { name: /^Backlog/ })).toHaveAttribute(
    "aria-current",
    "true",
  );
  await tabs.getByRole("button", { name: /^In Progress/ }).tap();
  await expect(tabs.getByRole("button", { name: /^In Progress/ })).toHaveAttribute(
    "aria-current",
    "true",
  );
  await expect(card(page, id)).toBeInViewport({ ratio: 1 });
  expect(await violations(page)).toEqual([]);

  const from = await card(page, id).boundingBox();
  const to = await tabs.getByRole("button", { name: /^In Review/ }).boundingBox();
  if (!from || !to) throw new Error("nothing to drag");
  const finger = await context.newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", x = 0, y = 0) =>
    finger.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: type === "touchEnd" ? [] : [{ x, y }],
    });
  const [x, y] = [Math.min(to.x + 30, 370), to.y + to.height / 2];
  await touch("touchStart", from.x + 60, from.y + 20);
  await expect(page.locator("[data-held]")).toBeVisible();
  for (let step = 1; step <= 10; step += 1) {
    await touch(
      "touchMove",
      from.x + 60 + ((x - from.x - 60) * step) / 10,
      from.y + 20 + ((y - from.y - 20) * step) / 10,
    );
  }
  await touch("touchEnd");
  await expect
    .poll(
      async () =>
        (
          await ask<{ issue: { status: string } }>(
            service,
            `query ($id: ID!) { issue(id: $id) { status } }`,
            { id },
          )
        ).issue.status,
    )
    .toBe("IN_REVIEW");
  await context.close();
});

test("the board shows what is tracked and when it was synced", async ({ page }) => {
  await openBoard(page);
  const button = page.getByRole("button", { name: /^Sync with GitHub/ });
  await expect(button).toHaveText(/Synced/);
  await expect(button).toHaveAttribute("title", /\d+ repositories · \d+ issues · synced/);

  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Repositories" });
  await expect(dialog.getByRole("status").first()).toHaveText(/\d+ repositories|Reading/);
});

test("nothing is animated with reduced motion", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openBoard(page);
  const duration = await page
    .locator("[data-card]")
    .first()
    .evaluate((element) => getComputedStyle(element).transitionDuration);
  expect(Math.max(...duration.split(",").map((each) => parseFloat(each)))).toBeLessThan(0.001);
});

test("every page shows that its data is simulated, and how to connect to GitHub", async ({
  page,
}) => {
  for (const path of await allPages(page)) {
    await page.goto(path);
    await expect(page.getByText("Simulated data."), path).toBeInViewport();
    await page.getByRole("button", { name: "Connect GitHub" }).click();
    await expect(page.getByRole("dialog", { name: "Connect your GitHub" }), path).toContainText(
      "GITHUB_TOKEN",
    );
    await page.keyboard.press("Escape");
  }
});

test("every page of the rail shows the shortcuts, and opens the next with them", async ({
  page,
}) => {
  const paths = (await allPages(page)).filter((path) => path !== "/graphiql");
  for (const path of paths) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Keys" });
    await expect(help, path).toBeVisible();
    await expect(help).toContainText("Undo the last move");
    await page.keyboard.press("Escape");
    await expect(help).toBeHidden();
  }
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await expect(page).toHaveURL(/\/board$/);
});

test("a dialog focuses its first field, not the close button", async ({ page, service }) => {
  const id = await quietIssue(service);
  await openBoard(page, "?priority=priority/p1");
  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  await expect(page.getByLabel("Repository to track")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("v");
  await expect(page.getByRole("dialog", { name: "Views" }).getByPlaceholder("Name")).toBeFocused();
  await page.keyboard.press("Escape");

  await openBoard(page);
  await card(page, id).focus();
  await page.keyboard.press("m");
  const whereTo = page.getByRole("dialog", { name: "Move to" });
  await expect(whereTo.getByRole("button", { name: /^Backlog/ })).toBeFocused();
  await page.keyboard.press("5");
  await expect(page.getByLabel("Shown on the card")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(card(page, id)).toBeFocused();
});

test("markup in a title and scripts in a text are shown as text", async ({ page, service }) => {
  const { issues } = await ask<{ issues: { nodes: { id: string; body: string }[] } }>(
    service,
    `{ issues(filter: {search: "control characters text"}) { nodes { id body } } }`,
  );
  const harmful = issues.nodes.find(({ body }) => body.includes("<script>"));
  if (!harmful) throw new Error("no issue with a script in its text");
  expect(harmful.body).toContain("(javascript:");
  expect(harmful.body).toContain("onerror=");
  let asked = false;
  page.on("dialog", (dialog) => {
    asked = true;
    void dialog.dismiss();
  });
  await openBoard(page, `?issue=${harmful.id}`);
  const text = page.getByRole("complementary", { name: /^Issue / }).locator(".markdown");
  await expect(text.getByRole("table")).toBeVisible();
  await expect(text).not.toContainText("alert");
  await expect(text.locator("script, img, [onerror], [href^='javascript' i]")).toHaveCount(0);
  await expect(text.getByRole("link"), "an address that runs something is none").toHaveCount(0);
  for (const words of ["a link", "a picture"]) await text.getByText(words).click();
  await expect(page).toHaveURL(new RegExp(`issue=${harmful.id}`));
  expect(page.context().pages()).toHaveLength(1);

  await page.getByLabel("Search issues").fill("markup");
  await expect(
    page.locator("[data-card]", { hasText: "<script>alert('card')</script> & <b>markup</b>" }),
  ).toBeVisible();
  expect(asked).toBe(false);
});

test("filters show their number of issues", async ({ page, service }) => {
  const { filterOptions } = await ask<{
    filterOptions: { repositories: { value: string; issues: number }[] };
  }>(service, "{ filterOptions { repositories { value issues } } }");
  await openBoard(page);
  await page.keyboard.press("f");
  for (const { value } of filterOptions.repositories) {
    await page.getByRole("combobox", { name: "Filter by" }).fill(`repository ${value}`);
    await expect(page.getByRole("option", { name: value })).toHaveText(/\d+$/);
  }
});

test("each number of the overview opens the board with exactly these issues", async ({ page }) => {
  await page.goto("/");
  const main = page.getByRole("main", { name: "Overview" });
  await expect(main.getByRole("heading", { name: "Issues by status" })).toBeVisible();
  const links = main.locator("a[href^='/board?status='], a[href*='agent=']");
  const hrefs = await links.evaluateAll((found) => found.map((link) => link.getAttribute("href")));
  expect(hrefs.length, "tiles, columns and agents").toBeGreaterThan(12);
  expect(hrefs).toContain("/board?status=in-progress&stale=true");
  // Either of the two may be outdated, so both are read again until they agree.
  for (const href of new Set(hrefs)) {
    await expect(async () => {
      await page.goto("/");
      const link = main.locator(`a[href="${href}"]`).first();
      const counted = Number(/[\d,]+$/.exec(await link.innerText())?.[0].replace(",", ""));
      await link.click();
      await expect(page.locator("[data-connection=live]")).toBeVisible();
      await expect(page.getByRole("status", { name: "Loading the board" })).toHaveCount(0);
      const counts = await page.locator("[data-count]").allInnerTexts();
      const shown = counts.reduce((sum, text) => sum + parseInt(text.replace(",", ""), 10), 0);
      expect(shown, href ?? "").toBe(counted);
    }).toPass();
  }
});

test("projects link to GitHub by title and to the board by number, and send one query", async ({
  page,
}) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    const [, query] = /query (\w+)/.exec(request.postData() ?? "") ?? [];
    if (query !== undefined && !["Service", "SyncState"].includes(query)) asked.push(query);
  });
  await page.goto("/projects");
  const main = page.getByRole("main", { name: "Projects" });
  await expect(main.getByRole("heading", { level: 2 }).first()).toBeVisible();
  expect(new Set(asked)).toEqual(new Set(["Projects"]));

  const first = main.getByRole("listitem").filter({ hasText: /^#\d+/ }).first();
  await expect(first.getByRole("link").last()).toHaveAttribute(
    "href",
    /^https:\/\/.+\/issues\/\d+$/,
  );
  const number = (await first.getByRole("link").first().innerText()).trim();
  await first.getByRole("link").first().click();
  await expect(page.getByRole("complementary", { name: new RegExp(`${number}$`) })).toBeVisible();
});

test("the audit log offers all values of its entries, with counts", async ({ page, service }) => {
  const id = await quietIssue(service);
  await ask(
    service,
    `mutation ($id: ID!) { assignOwner(input: {issueId: $id, owner: "osei"}) { cursor } }`,
    { id },
  );
  for (const agent of ["auditor-one", "auditor-two"]) {
    await ask(
      service,
      `mutation ($input: ClaimIssueInput!) { claimIssue(input: $input) { lease { id } } }`,
      { input: { agent, issueId: await quietIssue(service) } },
      agent,
    );
  }
  const { auditOptions } = await ask<{
    auditOptions: { actors: { value: string }[]; actions: { value: string }[] };
  }>(service, "{ auditOptions { actors { value } actions { value } } }");
  expect(auditOptions.actors.length).toBeGreaterThan(2);
  // The filtered log has no other actions.
  await page.goto("/audit?action=move_issue");
  await expect(page.locator("main [data-index]").first()).toBeVisible();
  await page.keyboard.press("f");
  const field = page.getByRole("combobox", { name: "Filter by" });
  for (const { value } of auditOptions.actors) {
    await field.fill(`actor ${value}`);
    await expect(page.getByRole("option", { name: value }).first()).toHaveText(/\d+$/);
  }
  await field.fill("action set the owner");
  await expect(page.getByRole("option")).toHaveText(/^set the owner\d+$/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/action=assign_owner/);
  await expect(page.locator("main [data-index]").first()).toContainText("set the owner");
});

test("a repository that cannot be tracked shows the reason at the form", async ({ page }) => {
  await openBoard(page);
  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Repositories" });
  await dialog.getByLabel("Repository to track").fill("no slash");
  await dialog.getByRole("button", { name: "Track" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
});

test("removing a repository hides its issues, and tracking it again shows them", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service);
  const { issue } = await ask<{ issue: { repository: { fullName: string } } }>(
    service,
    `query ($id: ID!) { issue(id: $id) { repository { fullName } } }`,
    { id },
  );
  const name = issue.repository.fullName;
  await openBoard(page);
  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Repositories" });
  const row = dialog
    .getByRole("listitem")
    .filter({ has: page.getByRole("button", { name: `Remove ${name}` }) });
  await expect(card(page, id)).toBeAttached();
  await row.getByRole("button", { name: `Remove ${name}` }).click();
  await expect(dialog).toContainText("hidden, not deleted");
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(dialog.getByRole("link", { name })).toBeHidden();
  await expect(card(page, id)).toHaveCount(0);
  await page.keyboard.press("Escape");

  // The reminder can be dismissed, and does not return.
  const reminder = page.getByText(`GITHUB_REPOSITORIES names ${name}, which is not tracked.`);
  await expect(reminder).toBeVisible();
  await page.getByRole("button", { name: `Do not remind me of ${name}` }).click();
  await expect(reminder).toBeHidden();
  await page.reload();
  await untilReady(page);
  await expect(page.getByText("Simulated data.")).toBeVisible();
  await expect(reminder).toBeHidden();
  await page.getByRole("button", { name: "Repositories", exact: true }).click();

  await dialog.getByLabel("Repository to track").fill(name);
  await dialog.getByRole("button", { name: "Track" }).click();
  await expect(dialog.getByRole("link", { name })).toBeVisible();
  await expect(card(page, id)).toBeAttached();
});

test("the playground runs a query and a subscription, without requests to other hosts", async ({
  page,
  service,
}) => {
  await page.goto("/graphiql");
  await expect(page.getByRole("button", { name: /Execute query/ })).toBeVisible();
  // The button shows a menu after the editor has parsed the operations.
  const run = (name: string) =>
    expect(async () => {
      const stop = page.getByRole("button", { name: /Stop query/ });
      if (await stop.isVisible()) await stop.click();
      await page.getByRole("button", { name: /Execute query/ }).click({ timeout: 4_000 });
      await page.getByRole("menuitem", { name }).click({ timeout: 4_000 });
    }).toPass({ timeout: 30_000 });
  const results = page.locator(".result-window");
  await run("Columns");
  await expect(results).toContainText('"Backlog"');

  await run("Board");
  const id = await quietIssue(service);
  // The page does not show when the subscription has started.
  await expect(async () => {
    for (const status of ["IN_REVIEW", "IN_PROGRESS"] as const)
      await moveElsewhere(service, id, status);
    await expect(results).toContainText('"IssueMoved"', { timeout: 2_000 });
  }).toPass();
});

test("a change by another client is shown in the audit log at once, and can be filtered", async ({
  page,
  service,
}) => {
  await page.goto("/audit");
  await untilReady(page);
  const id = await quietIssue(service);
  const { issue } = await ask<{ issue: { number: number; repository: { fullName: string } } }>(
    service,
    `query ($id: ID!) { issue(id: $id) { number repository { fullName } } }`,
    { id },
  );
  // Exact, so that #1 does not match the row of #12.
  const line = page
    .getByRole("listitem")
    .filter({ hasText: new RegExp(`${issue.repository.fullName} #${issue.number}(?!\\d)`) })
    .first();
  await expect(line).toContainText("status/in-progress");
  await expect(line).toContainText("done");

  await page.keyboard.press("f");
  await page.getByRole("combobox", { name: "Filter by" }).fill("outcome failed");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/outcome=failure/);
  await expect(line).toBeHidden();

  // The filter offers the repositories of the log, which include this one since the move.
  const { fullName } = issue.repository;
  await page.keyboard.press("f");
  await page.getByRole("combobox", { name: "Filter by" }).fill(`repository ${fullName}`);
  await expect(page.getByRole("option", { name: fullName })).toBeVisible();
});

test("a page whose code cannot be loaded shows that, and the navigation still works", async ({
  browser,
  service,
}) => {
  // Not `page`, which must log no errors: the browser logs the missing file as one.
  const page = await browser.newPage({ baseURL: service.url });
  await openBoard(page);
  await page.route("**/assets/*.js", (route) => route.abort());
  const rail = page.getByRole("navigation", { name: "Pages" });
  await rail.getByRole("link", { name: "Audit" }).click();
  await expect(page.getByRole("alert")).toContainText("This page could not be shown");
  await rail.getByRole("link", { name: "Board" }).click();
  await expect(page.locator("[data-card]").first()).toBeVisible();
  await page.unroute("**/assets/*.js");
  await page.goto("/audit");
  await expect(page.getByRole("heading", { name: "Audit", level: 1 })).toBeVisible();
  await page.close();
});

/** The maximum size of a first visit without fonts and data, in bytes. The same as in `npm run size`. */
const FIRST_LOAD_BYTES = 200_000;

test("the first load of every page is compressed and within the budget", async ({
  browser,
  service,
  page,
}) => {
  for (const path of (await allPages(page)).filter((each) => each !== "/graphiql")) {
    const context = await browser.newContext({ baseURL: service.url });
    const first = await context.newPage();
    const wire = await context.newCDPSession(first);
    await wire.send("Network.enable");
    const loads = new Map<string, { path: string; coding: string | undefined; bytes: number }>();
    wire.on("Network.responseReceived", ({ requestId, response }) => {
      const { pathname } = new URL(response.url);
      const coding = Object.entries(response.headers).find(([name]) =>
        /^content-encoding$/i.test(name),
      );
      if (pathname !== "/graphql")
        loads.set(requestId, { path: pathname, coding: coding?.[1], bytes: 0 });
    });
    wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const load = loads.get(requestId);
      if (load) load.bytes = encodedDataLength;
    });
    await first.goto(path, { waitUntil: "networkidle" });
    await expect(first.getByRole("heading", { level: 1 })).toBeVisible();

    const files = [...loads.values()].filter((load) => !load.path.endsWith(".woff2"));
    const sum = files.reduce((total, load) => total + load.bytes, 0);
    expect(sum, path).toBeGreaterThan(100_000);
    expect(sum, path).toBeLessThan(FIRST_LOAD_BYTES);
    const programs = files.filter((load) => /\.(js|css)$/.test(load.path) && load.bytes > 3_000);
    expect(new Set(programs.map(({ coding }) => coding)), path).toEqual(new Set(["br"]));
    await context.close();
  }
});

test("a hostile text is shown without breaking its page", async ({ browser, service }) => {
  const id = await quietIssue(service);
  const page = await browser.newPage({ baseURL: service.url });
  for (const text of [
    ">".repeat(3_000),
    "1. ".repeat(1_000),
    "*".repeat(5_000) + "a" + "*".repeat(5_000),
  ]) {
    await page.route("**/graphql", async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(
        /"body":(?:null|"(?:[^"\\]|\\.)*")/g,
        () => `"body":${JSON.stringify(text)}`,
      );
      await route.fulfill({ response: answer, body });
    });
    await openBoard(page, `?issue=${id}`);
    const panel = page.getByRole("complementary", { name: /^Issue / });
    // Excludes the comments, which have the same text.
    await expect(panel.getByText("Shown as plain text").first()).toBeVisible();
    await expect(panel.getByRole("heading", { name: "History" })).toBeAttached();
    // Requests for the previous text may be aborted.
    await page.unrouteAll({ behavior: "ignoreErrors" });
  }
  await page.close();
});
