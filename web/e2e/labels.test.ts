import type { Locator, Page } from "@playwright/test";
import { violations } from "./support/axe.ts";
import {
  ask,
  card,
  cards,
  expect,
  moveElsewhere,
  openBoard,
  test,
  type Status,
} from "./support/test.ts";
import type { Service } from "./support/service.ts";

/** The label for Ready in these tests. No repository of the demo has it. */
const LABEL = "ready-for-agent";

/** Issues of a column of one repository. */
async function issuesIn(
  service: Service,
  repository: string,
  status: Status,
): Promise<readonly string[]> {
  const { issues } = await ask<{ issues: { nodes: { id: string }[] } }>(
    service,
    `query ($repository: String!, $status: Status!) {
      issues(filter: {repositories: [$repository], statuses: [$status]}, first: 100) { nodes { id } }
    }`,
    { repository, status },
  );
  return issues.nodes.map(({ id }) => id);
}

/** The repository of the demo with the most issues in Ready. */
async function busiest(service: Service): Promise<string> {
  const { repositories } = await ask<{ repositories: { fullName: string }[] }>(
    service,
    "{ repositories { fullName } }",
  );
  const counted = await Promise.all(
    repositories.map(async ({ fullName }) => ({
      fullName,
      count: (await issuesIn(service, fullName, "READY")).length,
    })),
  );
  return counted.reduce((one, other) => (other.count > one.count ? other : one)).fullName;
}

/** Resets a repository to Dispatch's own labels. */
const reset = (service: Service, fullName: string): Promise<unknown> =>
  ask(
    service,
    `mutation ($fullName: String!) {
      setLabelScheme(input: { fullName: $fullName }) { repository { id } }
    }`,
    { fullName },
  );

const dialogOf = (page: Page, repository: string): Locator =>
  page.getByRole("dialog", { name: `Labels of ${repository}` });

/** Opens the label dialog of a repository from the list of repositories. */
async function openLabels(page: Page, repository: string): Promise<Locator> {
  await page.getByRole("button", { name: `Labels of ${repository}` }).click();
  const dialog = dialogOf(page, repository);
  await expect(dialog.getByText("No issue changes.")).toBeVisible();
  return dialog;
}

test("a repository's own label for Ready decides which issues are Ready, until it is reset", async ({
  page,
  service,
}) => {
  const repository = await busiest(service);
  const ready = await issuesIn(service, repository, "READY");
  const [first = ""] = ready;
  expect(ready.length).toBeGreaterThan(1);
  // The window is so tall that every card is in the DOM.
  await page.setViewportSize({ width: 1440, height: 8000 });
  await openBoard(page, `?repo=${repository}`);
  await expect(cards(page, "READY")).toHaveCount(ready.length);
  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  const list = page.getByRole("dialog", { name: "Repositories" });
  const row = list
    .getByRole("listitem")
    .filter({ has: page.getByRole("link", { name: repository, exact: true }) });
  await expect(row).not.toContainText("own labels");

  // With the keyboard: the focus moves into the dialog and returns, and Escape closes only this dialog.
  await row.getByRole("button", { name: `Labels of ${repository}` }).focus();
  await page.keyboard.press("Enter");
  const dialog = dialogOf(page, repository);
  await expect(dialog.getByLabel("Backlog")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(row.getByRole("button", { name: `Labels of ${repository}` })).toBeFocused();

  await openLabels(page, repository);
  await expect(dialog.getByLabel("Ready")).toHaveAttribute("placeholder", "status/ready");
  await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  await dialog.getByLabel("Ready").fill("owner/sam");
  await expect(dialog.getByRole("alert")).toContainText("`owner/sam` means something else");
  await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  await dialog.getByLabel("Ready").fill(LABEL);
  await expect(dialog.getByText(`${ready.length} issues change:`)).toBeVisible();
  await expect(dialog.getByRole("listitem").first()).toContainText(/^#\d+ .+: Ready.* → Backlog/);
  await expect(dialog.getByLabel("Ready")).toHaveAccessibleDescription(
    "Created when a change needs it.",
  );
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(row).toContainText("own labels");
  await expect(row.getByRole("status")).toHaveText(/Nothing was written to GitHub/);
  await expect(row.getByRole("button", { name: `Labels of ${repository}` })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(cards(page, "READY")).toHaveCount(0);

  // Dispatch's label has no meaning now. The repository's own is shown as the column.
  await expect(card(page, first).getByTitle("status/ready")).toBeVisible();
  await moveElsewhere(service, first, "READY");
  await expect(cards(page, "READY")).toHaveCount(1);
  const { issue } = await ask<{ issue: { labels: string[] } }>(
    service,
    "query ($id: ID!) { issue(id: $id) { labels } }",
    { id: first },
  );
  expect(issue.labels).toContain(LABEL);
  await expect(card(page, first)).not.toContainText(LABEL);
  await card(page, first).click();
  const panel = page.getByRole("complementary", { name: /^Issue / });
  const labels = panel.getByRole("group", { name: "Issue text" });
  await expect(labels.getByTitle("status/ready").first()).toBeVisible();
  await expect(labels.getByTitle(LABEL)).toHaveCount(0);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Repositories", exact: true }).click();
  await openLabels(page, repository);
  await expect(dialog.getByLabel("Ready")).toHaveValue(LABEL);
  await dialog.getByRole("button", { name: "Use Dispatch's labels" }).click();
  await expect(dialog.getByLabel("Ready")).toHaveValue("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(row).not.toContainText("own labels");
  await page.keyboard.press("Escape");
  await expect(cards(page, "READY")).toHaveCount(ready.length);
  await expect(card(page, first).getByTitle("status/ready")).toHaveCount(0);
});

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });

    test("the dialog of labels has no axe violations", async ({ page, service }) => {
      const repository = await busiest(service);
      await openBoard(page);
      await page.getByRole("button", { name: "Repositories", exact: true }).click();
      const dialog = await openLabels(page, repository);
      expect(await violations(page)).toEqual([]);
      await dialog.getByLabel("Ready").fill(LABEL);
      await expect(dialog.getByText(/issues? changes?:$/)).toBeVisible();
      await expect(dialog.locator("[aria-busy=true]")).toHaveCount(0);
      expect(await violations(page), "with changes").toEqual([]);
      await dialog.getByLabel("Done").fill("owner/sam");
      await expect(dialog.getByRole("alert")).toBeVisible();
      expect(await violations(page), "refused").toEqual([]);
    });
  });
}

test("a phone shows the labels below each other, and saves them", async ({ browser, service }) => {
  const repository = await busiest(service);
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await openBoard(page);
  await page.getByRole("button", { name: "Commands", exact: true }).tap();
  await page.getByRole("option", { name: /^Repositories/ }).tap();
  const dialog = await openLabels(page, repository);
  const boxes = await Promise.all(
    ["Done", "Urgent (P0)"].map((name) => dialog.getByLabel(name).boundingBox()),
  );
  const [above, below] = boxes;
  expect(above?.x).toBe(below?.x);
  expect(above?.y ?? 0).toBeLessThan(below?.y ?? 0);
  expect(await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  await dialog.getByLabel("Begin with").fill("bot:");
  await expect(dialog.getByText("Agent alpha has bot:alpha.")).toBeInViewport({ ratio: 1 });
  await expect(dialog.locator("[aria-busy=true]")).toHaveCount(0);
  const save = dialog.getByRole("button", { name: "Save" });
  await expect(save).toBeInViewport({ ratio: 1 });
  expect(await violations(page)).toEqual([]);
  await save.tap();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("Nothing was written to GitHub.")).toBeVisible();
  await expect(page.getByText("own labels")).toBeVisible();
  expect(await violations(page), "with a repository that has its own").toEqual([]);
  await reset(service, repository);
  await context.close();
});
