import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, BrowserContextOptions, Page, TestInfo } from "@playwright/test";
import type { Service } from "./support/service.ts";
import { expect, openBoard, test } from "./support/test.ts";

// The screenshots of the README. They are taken in every run, but written to `docs/images` only by
// `npm run screenshots`, because they differ each time.

const SCREEN = { viewport: { width: 1440, height: 900 } };
const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
/** A screenshot of a page with content is larger than this. */
const LEAST_BYTES = 40_000;

function pathOf(name: string, info: TestInfo): string {
  if (process.env.SCREENSHOTS === undefined) return info.outputPath(name);
  const images = resolve("../docs/images");
  mkdirSync(images, { recursive: true });
  return join(images, name);
}

async function draw(
  browser: Browser,
  service: Service,
  options: BrowserContextOptions,
  path: string,
): Promise<void> {
  const context = await browser.newContext({ baseURL: service.url, ...options });
  const page = await context.newPage();
  await openBoard(page);
  await expect(page.locator("[data-card]").first()).toBeInViewport();
  await expect(page.getByRole("status", { name: "Loading the board" })).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
  const picture = await page.screenshot({ path, animations: "disabled" });
  expect(picture.length).toBeGreaterThan(LEAST_BYTES);
  await context.close();
}

for (const theme of ["light", "dark"] as const) {
  test(`the screenshot of the board is taken, ${theme}`, async ({ browser, service }, info) => {
    const path = pathOf(`board-${theme}.png`, info);
    await draw(browser, service, { ...SCREEN, colorScheme: theme }, path);
  });
}

test("the screenshot of the board on a phone is taken", async ({ browser, service }, info) => {
  await draw(browser, service, PHONE, pathOf("board-phone.png", info));
});

/** Draws characters in the font of the page and its fallbacks. Returns the images as data URLs. */
const drawn = (page: Page, characters: readonly string[]): Promise<readonly string[]> =>
  page.evaluate((characters) => {
    const canvas = document.createElement("canvas");
    canvas.width = 64;
    canvas.height = 64;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    context.font = `32px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
    return characters.map((character) => {
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.fillText(character, 8, 32);
      return canvas.toDataURL();
    });
  }, characters);

test("emoji and Chinese characters in titles have glyphs", async ({ page }) => {
  await openBoard(page);
  await page.evaluate(() => document.fonts.ready);
  // The last one is a noncharacter, so its image is that of a missing glyph.
  const [party, rocket, chinese, missing] = await drawn(page, ["🎉", "🚀", "中", "\u{10ffff}"]);
  const hint = "install fonts for emoji and Chinese; scripts/chromium names some";
  expect(party, hint).not.toBe(missing);
  expect(rocket, hint).not.toBe(missing);
  expect(chinese, hint).not.toBe(missing);
  expect(party, "all boxes are alike").not.toBe(rocket);
});
