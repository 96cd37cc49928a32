import type { Page } from "@playwright/test";
import { violations } from "./support/axe.ts";
import type { Service } from "./support/service.ts";
import { ask, card, column, expect, openBoard, seek, test } from "./support/test.ts";

type Other = { id: string; number: number; title: string };
type Waiting = Other & {
  status: "BACKLOG" | "READY" | "BLOCKED";
  openBlockers: number;
  blockedBy: { isOpen: boolean; issue: Other | null }[];
};

/** An open issue that waits for an issue on the board, and the first issue that it waits for. */
async function waiting(service: Service): Promise<{ issue: Waiting; blocker: Other }> {
  const { issues } = await ask<{ issues: { nodes: Waiting[] } }>(
    service,
    `{ issues(first: 100, filter: {statuses: [BACKLOG, READY, BLOCKED]}) { nodes {
      id number title status openBlockers
      blockedBy { isOpen issue { id number title } }
    } } }`,
  );
  for (const issue of issues.nodes) {
    const blocker = issue.blockedBy.find(({ isOpen, issue }) => isOpen && issue)?.issue;
    if (blocker) return { issue, blocker };
  }
  throw new Error("no issue of the demo waits for another");
}

const panelOf = (page: Page) => page.getByRole("complementary", { name: /^Issue / });
const list = (page: Page, name: string) => panelOf(page).getByRole("region", { name, exact: true });

test("a card shows that it waits for an issue, and the panels link to each other", async ({
  page,
  service,
}) => {
  const { issue, blocker } = await waiting(service);
  await openBoard(page);
  await seek(page, column(page, issue.status).locator("[data-scroller]").first(), issue.id);
  const mark = card(page, issue.id).locator("[data-dependency=blocked]");
  await expect(mark).toHaveText(`blocked by ${issue.openBlockers}`);

  await card(page, issue.id).click();
  await expect(list(page, "Blocked by")).toContainText(blocker.title);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await list(page, "Blocked by").getByRole("link", { name: blocker.title }).first().click();
  await expect(panelOf(page).getByRole("heading", { level: 2 })).toHaveText(blocker.title);
  await list(page, "Blocks").getByRole("link", { name: issue.title }).first().click();
  await expect(panelOf(page).getByRole("heading", { level: 2 })).toHaveText(issue.title);
});
