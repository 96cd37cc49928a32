import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { expect, openBoard, test } from "./support/test.ts";

// The pictures of the README. They differ with every run, so they are written only when asked for:
// `npm run screenshots`.

const IMAGES = resolve("../docs/images");

test.skip(process.env.SCREENSHOTS === undefined, "written by `npm run screenshots`");
test.beforeAll(() => mkdirSync(IMAGES, { recursive: true }));

for (const theme of ["light", "dark"] as const) {
  test(`board, ${theme}`, async ({ browser, service }) => {
    const context = await browser.newContext({
      baseURL: service.url,
      colorScheme: theme,
      viewport: { width: 1440, height: 900 },
    });
    const page = await context.newPage();
    await openBoard(page);
    await expect(page.locator("[data-card]").first()).toBeVisible();
    await page.screenshot({ path: `${IMAGES}/board-${theme}.png`, animations: "disabled" });
    await context.close();
  });
}

test("board, phone", async ({ browser, service }) => {
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  });
  const page = await context.newPage();
  await openBoard(page);
  await expect(page.locator("[data-card]").first()).toBeVisible();
  await page.screenshot({ path: `${IMAGES}/board-phone.png`, animations: "disabled" });
  await context.close();
});
