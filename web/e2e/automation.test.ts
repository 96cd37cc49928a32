import { violations } from "./support/axe.ts";
import type { Service } from "./support/service.ts";
import { ask, expect, test, untilReady } from "./support/test.ts";
import type { Locator, Page } from "@playwright/test";

type Red = { redBranches: { workflow: { id: string }; run: { id: string; number: number } }[] };

type Asked = { operationName: string; variables: Record<string, string> };

/** A failing workflow of the demo and its failed run. */
async function red(service: Service): Promise<{ workflow: string; run: string; number: number }> {
  let found: Red["redBranches"] = [];
  await expect
    .poll(async () => {
      const answer = await ask<Red>(
        service,
        "{ redBranches { workflow { id } run { id number } } }",
      );
      found = answer.redBranches;
      return found.length;
    })
    .toBeGreaterThan(0);
  const [first] = found;
  if (!first) throw new Error("no default branch fails");
  return { workflow: first.workflow.id, run: first.run.id, number: first.run.number };
}

/** A workflow of the demo that can be started manually. */
async function startable(service: Service): Promise<{ id: string; fullName: string }> {
  const { trackedRepositories } = await ask<{
    trackedRepositories: {
      fullName: string;
      automation: { workflows: { id: string; triggers: { dispatch: object | null } | null }[] };
    }[];
  }>(
    service,
    `{ trackedRepositories { fullName automation { workflows { id triggers { dispatch { inputs { name } } } } } } }`,
  );
  for (const { fullName, automation } of trackedRepositories) {
    const found = automation.workflows.find(({ triggers }) => triggers?.dispatch);
    if (found) return { id: found.id, fullName };
  }
  throw new Error("no workflow can be started by hand");
}

/** The addresses of the four pages, each with data. */
async function pathsOf(service: Service): Promise<readonly string[]> {
  const { workflow, run } = await red(service);
  const { fullName } = await startable(service);
  return [
    "/automation",
    "/automation/activity",
    `/automation/repos/${fullName}`,
    `/automation/workflows/${workflow}?run=${run}`,
  ];
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await untilReady(page);
  await expect(page.locator("main :is(li, h2)").filter({ visible: true }).first()).toBeVisible();
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
}

test("a card shows its workflows, which are loaded when it becomes visible", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 500 });
  const requested = new Set<string>();
  page.on("request", (request) => {
    if (!request.url().endsWith("/graphql")) return;
    const { operationName, variables } = request.postDataJSON() as Asked;
    if (operationName !== "CardWorkflows") return;
    for (const id of Object.values(variables)) requested.add(id);
  });
  await open(page, "/automation");
  const cards = page
    .getByRole("list", { name: "Repositories" })
    .locator("> li")
    .filter({ hasNotText: "No workflows" });
  const count = await cards.count();
  const shown = async (card: Locator) => {
    await card.scrollIntoViewIfNeeded();
    await expect(card.getByRole("list", { name: "Workflows" })).toBeVisible();
    await expect(card.getByRole("img", { name: /^Latest runs of / }).first()).toBeVisible();
  };
  await shown(cards.first());
  expect(requested.size).toBeLessThan(count);
  await shown(cards.last());
});

test("the log of the failing step is two clicks away from a failed run", async ({
  page,
  service,
}) => {
  await red(service);
  await open(page, "/automation");
  const list = page.getByRole("list", { name: "Failing default branches" });
  await list
    .getByRole("link", { name: /open the run$/ })
    .first()
    .click();
  await page.getByRole("button", { name: "Show the log" }).click();
  const log = page.getByRole("group", { name: "Log of the failing step" });
  await expect(log).toContainText("##[error]");
  await expect(page).toHaveURL(/\/automation\/workflows\/[^?]+\?run=/);
});

test("a failed run is run again, and the page shows it without a reload", async ({
  page,
  service,
}) => {
  const { workflow, run, number } = await red(service);
  await open(page, `/automation/workflows/${workflow}?run=${run}`);
  const panel = page.getByRole("region", { name: `Run #${number}` });
  await panel.getByRole("button", { name: "Re-run failed jobs" }).click();
  await expect(page.getByText(`Run #${number} runs its failed jobs again.`)).toBeVisible();
  await page.goto("/audit?action=workflow_rerun_failed");
  await expect(
    page.getByRole("listitem").filter({ hasText: "ran failed jobs again" }).first(),
  ).toBeVisible();
});

test("a workflow is started with its declared inputs", async ({ page, service }) => {
  const { id } = await startable(service);
  await open(page, `/automation/workflows/${id}`);
  await page.keyboard.press("r");
  const dialog = page.getByRole("dialog", { name: /^Run / });
  await expect(dialog.getByLabel("Branch or tag")).toHaveValue("main");
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await expect(dialog.getByRole("alert")).toHaveText("This is required.");
  await dialog.getByLabel("environment (required)").fill("production");
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await expect(dialog.getByText(/^Started in 1 repository/)).toBeVisible();
});

test("filters are in the address, and every page has a command in the palette", async ({
  page,
}) => {
  await open(page, "/automation?state=clear");
  await expect(
    page.getByRole("button", { name: "Remove filter State Nothing fails or runs" }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Remove filter State Nothing fails or runs" }).click();
  await expect(page).toHaveURL(/\/automation$/);

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("automation activity");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/automation\/activity$/);
  await expect(page.getByRole("heading", { level: 1, name: "Activity" })).toBeVisible();
  await page.keyboard.press("f");
  await page.getByRole("option", { name: "Sync", exact: true }).click();
  await expect(page).toHaveURL(/type=sync_completed/);
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/\/automation$/);
});

test("the bars of runs are used with the keyboard", async ({ page, service }) => {
  const { workflow } = await red(service);
  await open(page, `/automation/workflows/${workflow}`);
  const strip = page.getByRole("img", { name: /^Runs of / }).first();
  await strip.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator("figure [aria-live]").first()).toContainText(/^#\d+ · /);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/run=/);
  await expect(page.getByRole("img", { name: "Jobs over time" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/run=/);
});

for (const theme of ["light", "dark"] as const) {
  test(`no automation page has axe violations, ${theme}`, async ({ page, service }) => {
    await page.emulateMedia({ colorScheme: theme });
    for (const path of await pathsOf(service)) {
      await open(page, path);
      expect(await violations(page), path).toEqual([]);
    }
  });
}

test("a phone shows automation without horizontal scrolling", async ({ page, service }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of await pathsOf(service)) {
    await open(page, path);
    const main = page.getByRole("main");
    expect(
      await main.evaluate((each) => each.scrollWidth - each.clientWidth),
      path,
    ).toBeLessThanOrEqual(0);
    expect(await violations(page), path).toEqual([]);
  }
});
