import { createHmac } from "node:crypto";
import { violations } from "./support/axe.ts";
import { DEMO, lend, Service } from "./support/service.ts";
import { expect, test as base, untilReady } from "./support/test.ts";

const SECRET = "a-secret-of-the-tests-of-webhooks";

// A demo with webhooks.
const test = base.extend({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the required fixtures from this pattern
    async ({}, use) => lend(new Service(DEMO, { WEBHOOK_SECRET: SECRET }), use),
    { scope: "worker", timeout: 200_000 },
  ],
});

/** Sends a signed delivery, as GitHub does. */
async function deliver(service: Service, event: string, id: string, payload: object) {
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const response = await fetch(`${service.url}/api/webhooks/github`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${signature}`,
    },
    body,
  });
  expect(response.status).toBe(202);
}

const foreign = { action: "created", repository: { full_name: "other/where" } };

test("deliveries are shown at once, counted, filtered and replayed", async ({ page, service }) => {
  await page.goto("/webhooks");
  await untilReady(page);
  await expect(page.getByText("GitHub has not delivered anything yet")).toBeVisible();
  await expect(page.getByText(`${service.url}/api/webhooks/github`)).toBeVisible();
  expect(await violations(page), "while nothing was delivered").toEqual([]);

  await deliver(service, "label", "72d3162e-cc78-11e3-81ab-4c9367dc0958", foreign);
  await deliver(service, "ping", "72d3162e-cc78-11e3-81ab-4c9367dc0959", { zen: "Be quick." });
  const rows = page.getByRole("list", { name: "Deliveries" }).getByRole("listitem");
  await expect(rows).toHaveCount(2);
  const ignored = rows.filter({ hasText: "label" });
  await expect(ignored).toContainText("Ignored");
  await expect(ignored).toContainText("other/where is not tracked");
  expect(await violations(page)).toEqual([]);

  await page.getByRole("button", { name: /^Ignored/ }).click();
  await expect(page).toHaveURL(/\/webhooks\?state=ignored$/);
  await expect(rows).toHaveCount(1);
  await ignored.getByRole("button", { name: "Replay label.created" }).click();
  await expect(page.getByText("label.created is processed again.")).toBeVisible();
  await expect(ignored).toContainText("other/where is not tracked");

  await page.goto("/webhooks?event=push");
  await expect(page.getByText("No delivery matches the filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(rows).toHaveCount(2);
});

test("the page is opened with its shortcut and from the repositories", async ({ page }) => {
  await page.goto("/");
  await untilReady(page);
  await page.keyboard.press("g");
  await page.keyboard.press("w");
  await expect(page).toHaveURL(/\/webhooks$/);
  await page.goto("/");
  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  await page.getByRole("link", { name: "webhooks" }).click();
  await expect(page).toHaveURL(/\/webhooks$/);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a phone shows deliveries without horizontal scrolling", async ({ page, service }) => {
  await deliver(service, "label", "72d3162e-cc78-11e3-81ab-4c9367dc0957", foreign);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/webhooks");
  await expect(page.getByRole("list", { name: "Deliveries" })).toBeVisible();
  const main = page.getByRole("main", { name: "Webhooks" });
  expect(await main.evaluate((each) => each.scrollWidth - each.clientWidth)).toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
});
