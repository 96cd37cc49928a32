import { freePort, Proxy } from "./support/proxy.ts";
import { DEMO, Service } from "./support/service.ts";
import {
  card,
  column,
  expect,
  moveElsewhere,
  quietIssue,
  test as base,
  untilReady,
} from "./support/test.ts";

const PATH = "/dispatch";

/** A service behind a proxy that serves it under a path and removes that path from requests. */
const test = base.extend({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the required fixtures from this pattern
    async ({}, use) => {
      const port = await freePort();
      const proxy = new Proxy(`http://127.0.0.1:${port}`, { strip: PATH });
      const service = new Service(DEMO);
      const url = `${await proxy.start()}${PATH}`;
      await service.start(port, { DISPATCH_URL: url });
      await expect.poll(() => service.said).toContain(`Dispatch is ready at ${url}/\n`);
      service.url = url;
      await service.synced();
      await use(service);
      proxy.stop();
      await service.stop();
      service.forget();
    },
    { scope: "worker", timeout: 200_000 },
  ],
  baseURL: async ({ service }, use) => use(`${service.url}/`),
});

test("every page works under the path of a proxy", async ({ page, service }) => {
  for (const path of [
    "",
    "board",
    "queue",
    "agents",
    "projects",
    "automation",
    "automation/activity",
    "automation/repos/acme/rocket",
    "webhooks",
    "audit",
    "graphiql",
  ]) {
    const strays: string[] = [];
    const onRequest = (request: { url: () => string }) => {
      if (!request.url().startsWith(`${service.url}/`)) strays.push(request.url());
    };
    page.on("request", onRequest);
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeAttached();
    await expect(page.getByText("Simulated data.")).toBeVisible();
    page.off("request", onRequest);
    expect(strays, path).toEqual([]);
  }
});

test("the board is live under a path, and deep links work", async ({ page, context, service }) => {
  const id = await quietIssue(service);
  await page.goto(`board?status=in-progress&issue=${id}`);
  await untilReady(page);
  await expect(page.getByRole("complementary", { name: /^Issue / })).toBeVisible();
  await expect(column(page, "READY")).toHaveCount(0);

  await page.goto("board");
  await untilReady(page);
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
  await expect(page.locator("[data-pending]")).toHaveCount(0);
  await moveElsewhere(service, id, "READY");
  await expect(column(page, "READY").locator(`[data-card="${id}"]`)).toBeVisible();

  const rail = page.getByRole("navigation", { name: "Pages" });
  await rail.getByRole("link", { name: "Audit" }).click();
  await expect(page).toHaveURL(`${service.url}/audit`);
  await expect(page.getByRole("heading", { name: "Audit", level: 1 })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Audit", level: 1 })).toBeVisible();
  await rail.getByRole("link", { name: "Dispatch" }).click();
  await expect(page).toHaveURL(`${service.url}/`);

  await page.goto("board?group=agent");
  await page.keyboard.press("v");
  const views = page.getByRole("dialog", { name: "Views" });
  await views.getByPlaceholder("Name").fill("Below a path");
  await page.keyboard.press("Enter");
  const link = views.getByRole("link", { name: /^Below a path/ });
  await expect(link).toHaveAttribute("href", /^\/dispatch\/board\?view=/);
  const guest = await context.newPage();
  await guest.goto((await link.getAttribute("href")) ?? "");
  await expect(guest).toHaveURL(`${service.url}/board?group=agent`);
});

test("an unknown address links to the board, however deep it is", async ({ browser, service }) => {
  // Not `page`, which must log no errors: the browser logs the status of this address as one.
  const page = await browser.newPage();
  for (const path of ["nonsense", "board/x", "a/b/c"]) {
    const answer = await page.goto(`${service.url}/${path}`);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    await page
      .getByRole("navigation", { name: "Pages" })
      .getByRole("link", { name: "Board" })
      .click();
    await expect(page).toHaveURL(`${service.url}/board`);
    await expect(page.locator("[data-card]").first()).toBeVisible();
  }
  await page.goto(`${service.url}/board/?group=agent`);
  await expect(page).toHaveURL(`${service.url}/board?group=agent`);
  await expect(page.locator("[data-card]").first()).toBeVisible();
  await page.close();
});

test("programs are redirected under a path, and other sites are denied", async ({ service }) => {
  const page = await fetch(`${service.url}/graphql`, { headers: { accept: "text/html" } });
  expect(page.url).toBe(`${service.url}/graphiql`);
  const description = (await (await fetch(`${service.url}/api/openapi.json`)).json()) as {
    servers: { url: string }[];
  };
  expect(description.servers).toEqual([{ url: service.url }]);
  const events = await fetch(
    `${service.url}/graphql?query=${encodeURIComponent("subscription { boardEvents { __typename } }")}`,
    { headers: { accept: "text/event-stream" } },
  );
  expect(events.headers.get("content-type")).toContain("text/event-stream");
  await events.body?.cancel();

  const change = { query: "mutation { syncIssues { syncedCount } }" };
  const from = (origin: string) =>
    fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", origin },
      body: JSON.stringify(change),
    });
  expect((await from(new URL(service.url).origin)).status).toBe(200);
  expect((await from("https://elsewhere.example")).status).toBe(403);
});
