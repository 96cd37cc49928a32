import type { Browser, Page } from "@playwright/test";
import { serve, test, type GitHub } from "./support/github.ts";
import type { Service } from "./support/service.ts";
import { expect, untilReady, watch } from "./support/test.ts";

// The notices of a service that cannot show a board yet.

/** Runs a test with a page of a started service, and closes both. The page must log no errors. */
async function onBoardOf(
  browser: Browser,
  service: Service,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ baseURL: service.url });
  const problems: string[] = [];
  context.on("page", (page) => watch(page, service, problems));
  const page = await context.newPage();
  try {
    await page.goto("/board");
    await look(page);
    expect(problems).toEqual([]);
  } finally {
    await context.close();
    await service.stop();
  }
}

const about = (page: Page) => page.getByRole("complementary", { name: "About this service" });

async function started(github: GitHub, settings: Record<string, string>): Promise<Service> {
  const service = serve(github, settings);
  await service.start();
  return service;
}

test("a board without a token shows that, and what to do", async ({ browser, github }) => {
  const service = await started(github, { GITHUB_TOKEN: "" });
  await expect.poll(() => service.said).toContain("GITHUB_TOKEN is not set");
  await onBoardOf(browser, service, async (page) => {
    await expect(about(page)).toContainText(
      "GitHub is not connected. Missing: GITHUB_TOKEN, GITHUB_REPOSITORIES.",
    );
    await expect(
      page.getByRole("heading", { name: "Connect GitHub to fill the board" }),
    ).toBeVisible();
    await expect(page.getByText("Simulated data.")).toHaveCount(0);
    await about(page).getByRole("button", { name: "Connect GitHub" }).click();
    await expect(page.getByRole("dialog", { name: "Connect your GitHub" })).toContainText(
      "Missing now: GITHUB_TOKEN, GITHUB_REPOSITORIES.",
    );
  });
  service.forget();
});

test("a board with repositories but without a token asks only for the token", async ({
  browser,
  github,
}) => {
  const [repository = ""] = github.repositories;
  const service = await started(github, { GITHUB_TOKEN: "", GITHUB_REPOSITORIES: repository });
  await onBoardOf(browser, service, async (page) => {
    await expect(about(page)).toContainText("Missing: GITHUB_TOKEN.");
    await expect(page.getByText("What is tracked appears once it is.")).toBeVisible();
    await page.goto("/audit");
    await expect(about(page), "on every page").toContainText("Missing: GITHUB_TOKEN.");
  });
  service.forget();
});

test("a board without repositories is filled with the page alone", async ({ browser, github }) => {
  const [repository = ""] = github.repositories;
  const service = await started(github, {});
  await onBoardOf(browser, service, async (page) => {
    await expect(
      page.getByRole("heading", { name: "Track a repository to fill the board" }),
    ).toBeVisible();
    await expect(about(page)).toHaveCount(0);
    await page.getByRole("main").getByRole("button", { name: "Track a repository" }).click();
    await expect(page.getByLabel("Repository to track")).toBeFocused();
    await page.keyboard.type(repository);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("link", { name: repository })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.locator("[data-card]").first()).toBeVisible();
  });
  service.forget();
});

test("a repository that was added to the settings later is tracked with one press", async ({
  browser,
  github,
}) => {
  const [first = "", late = ""] = github.repositories;
  const service = await started(github, { GITHUB_REPOSITORIES: first });
  await service.synced();
  await service.stop();
  await service.start("0", { GITHUB_REPOSITORIES: `${first},${late}` });
  await expect
    .poll(() => service.said)
    .toContain(`GITHUB_REPOSITORIES names ${late}, which is not tracked`);
  await onBoardOf(browser, service, async (page) => {
    const cards = page.locator("[data-card]");
    const ofLate = cards.filter({ hasText: late.split("/")[1] ?? "" });
    await expect(cards.first()).toBeVisible();
    await expect(ofLate).toHaveCount(0);
    const other = await page.context().newPage();
    await other.goto("/audit");
    await expect(about(other)).toBeVisible();
    await untilReady(other);

    await expect(about(page)).toContainText(
      `GITHUB_REPOSITORIES names ${late}, which is not tracked.`,
    );
    await about(page).getByRole("button", { name: "Track it" }).click();
    await expect(about(page)).toHaveCount(0);
    await expect(about(other), "other windows hear of it").toHaveCount(0);
    await expect(ofLate.first()).toBeAttached();
  });
  service.forget();
});
