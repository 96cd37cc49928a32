import {
  ask,
  card,
  cards,
  column,
  expect,
  moveElsewhere,
  openBoard,
  quietIssue,
  quietIssues,
  seek,
  type Status,
  test,
  untilReady,
} from "./support/test.ts";

test("a card that is dragged in one window moves in the other", async ({
  page,
  context,
  service,
}) => {
  const id = await quietIssue(service);
  const other = await context.newPage();
  await openBoard(page);
  await openBoard(other);
  await expect(card(other, id)).toBeVisible();

  await other.evaluate((moved) => {
    new MutationObserver(() => {
      const text = document.querySelector(`[data-card="${moved}"]`)?.textContent ?? "";
      if (text.includes("moved by")) document.documentElement.dataset.told = text;
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  }, id);

  // The test below hovers over the card, so it must not move any more.
  await card(page, id).hover({ position: { x: 40, y: 20 } });
  const from = await card(page, id).boundingBox();
  const to = await column(page, "IN_REVIEW").boundingBox();
  if (!from || !to) throw new Error("nothing to drag");
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 30, { steps: 4 });
  await expect(page.locator("[data-held]")).toBeVisible();
  await expect(column(page, "BLOCKED"), "a target while a card is in the hand").toBeVisible();
  await page.mouse.move(to.x + to.width / 2, to.y + 120, { steps: 8 });
  await expect(column(page, "IN_REVIEW")).toHaveAttribute("data-over");
  await page.mouse.up();

  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
  const there = column(other, "IN_REVIEW").locator(`[data-card="${id}"]`);
  await expect(there).toBeVisible();
  // The mark is shown for two seconds only, which a slow machine may miss.
  await expect
    .poll(() => other.evaluate(() => document.documentElement.dataset.told ?? ""))
    .toContain("moved by");
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
});

test("a card is moved with the keyboard alone and keeps the focus", async ({ page, service }) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).focus();

  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeFocused();

  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Space");
  await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toBeFocused();
  await expect(page.locator("[aria-live=assertive]")).toHaveText("Dropped in In Progress.");
  await expect(page.locator("[data-pending]")).toHaveCount(0);

  await page.keyboard.press("z");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeFocused();
});

test("a card is dragged by touch after a long press, and a shorter touch scrolls", async ({
  browser,
  service,
}) => {
  const id = await quietIssue(service);
  const context = await browser.newContext({
    baseURL: service.url,
    hasTouch: true,
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  await openBoard(page);
  const from = await card(page, id).boundingBox();
  const to = await column(page, "IN_REVIEW").boundingBox();
  if (!from || !to) throw new Error("nothing to drag");
  const finger = await context.newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", x = 0, y = 0) =>
    finger.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: type === "touchEnd" ? [] : [{ x, y }],
    });

  await touch("touchStart", from.x + 40, from.y + 20);
  await expect(page.locator("[data-held]")).toBeVisible();
  for (let step = 1; step <= 8; step += 1) {
    await touch(
      "touchMove",
      from.x + 40 + ((to.x + 60 - from.x - 40) * step) / 8,
      from.y + 20 + 10 * step,
    );
  }
  await expect(column(page, "IN_REVIEW")).toHaveAttribute("data-over");
  await touch("touchEnd");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
  await expect(page.locator("[data-pending]")).toHaveCount(0);

  const scroller = column(page, "BACKLOG").locator("[data-scroller]");
  const box = await scroller.boundingBox();
  if (!box) throw new Error("nothing to scroll");
  // On a busy machine the first move may come so late that it counts as a long press. Then the test tries again.
  await expect(async () => {
    await touch("touchStart", box.x + 60, box.y + 300);
    for (let step = 1; step <= 8; step += 1)
      await touch("touchMove", box.x + 60, box.y + 300 - 25 * step);
    await touch("touchEnd");
    await expect
      .poll(() => scroller.evaluate((element) => element.scrollTop), { timeout: 2_000 })
      .toBeGreaterThan(50);
  }).toPass();
  await context.close();
});

test("a move to Blocked asks for the reason, and the card shows it", async ({ page, service }) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("5");
  await page.getByLabel("Shown on the card").fill("Waits for the new certificate");
  await page.keyboard.press("Enter");
  const blocked = column(page, "BLOCKED").locator(`[data-card="${id}"]`);
  await expect(blocked).toContainText("Waits for the new certificate");
  await expect(blocked).toBeFocused();

  await page.keyboard.press("z");
  await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toBeVisible();
});

test("closing the prompt leaves the card where it was", async ({ page, service }) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("5");
  await expect(page.getByRole("dialog", { name: "Why is it blocked?" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toBeFocused();
});

test("a filter is in the address and can be shared", async ({ page, context, service }) => {
  const id = await quietIssue(service);
  await ask(
    service,
    `mutation ($id: ID!) { setPriority(input: {issueId: $id, priority: P0}) { cursor } }`,
    { id },
  );
  await openBoard(page);
  await page.keyboard.press("f");
  await page.getByRole("combobox", { name: "Filter by" }).fill("priority urgent");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/priority=priority%2Fp0/);
  await expect(page.getByRole("button", { name: /Remove filter Priority/ })).toBeVisible();
  // The previous board is shown until the response arrives.
  const urgent = page.getByRole("img", { name: "Urgent priority (P0)" });
  await expect(page.locator("[data-card]").filter({ hasNot: urgent })).toHaveCount(0);
  await expect(card(page, id)).toBeVisible();

  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByRole("button", { name: /Remove filter Priority/ })).toBeVisible();
  await other.getByRole("button", { name: /Remove filter Priority/ }).click();
  await expect(other).toHaveURL(/\/board$/);
});

test("a search filters the board, and no match is explained", async ({ page, service }) => {
  const id = await quietIssue(service);
  const { issue } = await ask<{ issue: { number: number } }>(
    service,
    `query ($id: ID!) { issue(id: $id) { number } }`,
    { id },
  );
  await openBoard(page);
  await page.keyboard.press("/");
  await page.keyboard.type(String(issue.number));
  await expect(page).toHaveURL(new RegExp(`q=${issue.number}`));
  await expect(card(page, id)).toBeVisible();

  await page.getByLabel("Search issues").fill("zzzqqqxxx");
  await expect(
    page.getByRole("heading", { name: "No issues match the current filters" }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(cards(page, "BACKLOG").first()).toBeVisible();
});

test("a card opens beside the board, and Escape returns the focus to it", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: /^Issue / });
  await expect(panel.getByRole("heading", { name: "History" })).toBeVisible();
  await expect(panel.getByRole("link", { name: "GitHub", exact: true })).toHaveAttribute(
    "href",
    /^https:\/\/.+\/issues\/\d+$/,
  );
  await expect(page).toHaveURL(new RegExp(`issue=${id}`));
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(card(page, id)).toBeFocused();
});

test("a comment is posted on GitHub from the panel, and a rejected one returns to the text box", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service);
  await openBoard(page, `?issue=${id}`);
  const panel = page.getByRole("complementary", { name: /^Issue / });
  const box = panel.getByLabel("Comment");
  let refused = false;
  await page.route("**/graphql", (route) => {
    const body = route.request().postData() ?? "";
    if (refused || !body.includes("AddComment")) return route.continue();
    refused = true;
    return route.fulfill({
      json: { errors: [{ message: "GitHub API error: 403", extensions: { code: "FORBIDDEN" } }] },
    });
  });
  await box.fill("The certificate is here.");
  await box.press("Control+Enter");
  await expect(panel.getByRole("alert")).toHaveText("Not posted: GitHub API error: 403");
  await expect(box, "nothing typed is lost").toHaveValue("The certificate is here.");

  await panel.getByRole("button", { name: "Try again" }).click();
  await expect(
    panel.getByRole("listitem").filter({ hasText: "The certificate is here." }),
  ).toContainText("commented");
  await expect(panel.getByRole("link", { name: "On GitHub", exact: true })).toHaveAttribute(
    "href",
    /issuecomment/,
  );
  const newest = panel.getByRole("article").first();
  await expect(newest).toContainText("The certificate is here.");
  await expect(newest).toContainText("dispatch-robot");
  await expect(box).toHaveValue("");
  await expect(card(page, id), "the count came by the stream").toContainText(/[1-9]\d* comments/);
});

test("selected cards move together, and the move is undone together", async ({ page, service }) => {
  const ids = await quietIssues(service, 3);
  const asked: string[] = [];
  page.on("request", (request) => {
    const [, mutation] = /mutation (Move\w+)/.exec(request.postData() ?? "") ?? [];
    if (mutation !== undefined) asked.push(mutation);
  });
  await openBoard(page);
  for (const id of ids) {
    await card(page, id).focus();
    await page.keyboard.press("x");
  }
  await expect(page.locator("[data-card][aria-pressed=true]")).toHaveCount(3);
  await page.keyboard.press("m");
  await expect(page.getByRole("dialog", { name: "Move 3 cards to" })).toBeVisible();
  await page.keyboard.press("4");
  for (const id of ids)
    await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
  await expect(page.locator("[data-pending]")).toHaveCount(0);
  expect(asked, "one question for all of them").toEqual(["MoveIssues"]);

  await page.keyboard.press("z");
  for (const id of ids)
    await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toBeVisible();
});

test("of several moves one is rejected alone, with its reason", async ({ page, service }) => {
  type Found = { nodes: { id: string; status: Status }[] };
  const { fulls, others } = await ask<Record<"fulls" | "others", Found>>(
    service,
    `{ fulls: issues(filter: {search: "hundred labels"}) { nodes { id status } }
       others: issues(filter: {search: "emoji in titles"}) { nodes { id status } } }`,
  );
  const [full] = fulls.nodes;
  const [other] = others.nodes;
  if (!full || !other) throw new Error("no issue with a hundred labels, or no other");
  await ask(
    service,
    `mutation ($id: ID!, $to: Status!) { moveIssue(input: {issueId: $id, to: $to}) { cursor } }`,
    { id: other.id, to: full.status },
  );
  await openBoard(page);
  for (const { id } of [full, other]) {
    await seek(page, column(page, full.status).locator("[data-scroller]"), id);
    await card(page, id).focus();
    await page.keyboard.press("x");
  }
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${other.id}"]`)).toBeVisible();
  await seek(page, column(page, full.status).locator("[data-scroller]"), full.id);
  await expect(column(page, full.status).getByRole("alert")).toContainText(
    "Not moved to In Review: GitHub API error: 422",
  );
});

test("a move is undone after a reload of the page, and only once", async ({
  page,
  context,
  service,
}) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeFocused();
  await expect(page.locator("[data-pending]")).toHaveCount(0);

  // Another window, in which the card is not shown.
  const other = await context.newPage();
  await openBoard(other, "?status=ready");
  await expect(column(other, "IN_REVIEW")).toHaveCount(0);
  await other.keyboard.press("z");
  await expect(other.getByText(/^Moved #\d+ back to In Progress\.$/)).toBeVisible();
  await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toBeVisible();

  await page.reload();
  await untilReady(page);
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(page.locator("[data-pending]")).toHaveCount(0);
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
  await page.reload();
  await untilReady(page);
  await page.keyboard.press("z");
  await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toBeFocused();
  await page.keyboard.press("z");
  await expect(page.getByText("There is no move to undo.")).toBeVisible();
});

test("the address selects columns, and the focus is not lost to a hidden column", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service);
  await openBoard(page, "?status=ready,in-progress");
  await expect(page.locator("[data-column]")).toHaveCount(2);
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(card(page, id)).toHaveCount(0);
  await expect(page.locator("[data-card]:focus")).toHaveCount(1);

  await page.getByRole("button", { name: "Remove filter Status Ready" }).click();
  await expect(page).toHaveURL(/\?status=in-progress$/);
  await expect(column(page, "READY")).toHaveCount(0);
  await page.keyboard.press("f");
  await page.getByRole("combobox", { name: "Filter by" }).fill("status in review");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
});

test("a run that an agent reports is shown beside its issue at once", async ({ page, service }) => {
  const id = await quietIssue(service);
  await openBoard(page, `?issue=${id}`);
  const panel = page.getByRole("complementary", { name: /^Issue / });
  await expect(panel.getByRole("heading", { name: "History" })).toBeVisible();
  await expect(panel.getByRole("heading", { name: "Agent runs" })).toBeHidden();
  await ask(
    service,
    `mutation ($input: RecordAgentRunInput!) {
       recordAgentRun(input: $input) { agentRun { id } } }`,
    {
      input: {
        agentName: "scout",
        runType: "inspect",
        status: "success",
        startedAt: new Date().toISOString(),
        summary: "Looked at it from all sides.",
        issueId: id,
      },
    },
    "scout",
  );
  await expect(panel.getByRole("heading", { name: "Agent runs" })).toBeVisible();
  await expect(panel).toContainText("Looked at it from all sides.");
});

test("twenty cards move at once, and one key undoes that", async ({ page, service }) => {
  const ids = await quietIssues(service, 20);
  await openBoard(page);
  for (const id of ids) {
    await seek(page, column(page, "IN_PROGRESS").locator("[data-scroller]"), id);
    await card(page, id).focus();
    await page.keyboard.press("x");
  }
  await expect(page.getByRole("toolbar", { name: "Selected cards" })).toContainText("20 selected");
  await page.keyboard.press("m");
  await expect(page.getByRole("dialog", { name: "Move 20 cards to" })).toBeVisible();
  await page.keyboard.press("4");
  const statuses = async () => {
    const answers = await Promise.all(
      ids.map((id) =>
        ask<{ issue: { status: string } }>(
          service,
          `query ($id: ID!) { issue(id: $id) { status } }`,
          { id },
        ),
      ),
    );
    return new Set(answers.map(({ issue }) => issue.status));
  };
  await expect.poll(statuses, { timeout: 30_000 }).toEqual(new Set(["IN_REVIEW"]));
  await expect(page.locator("[data-pending]")).toHaveCount(0);
  await expect(page.getByRole("alert")).toHaveCount(0);

  await page.keyboard.press("z");
  // The notice is shown for six seconds.
  await expect(page.getByText("Moved 20 cards back.")).toBeVisible({ timeout: 30_000 });
  await expect.poll(statuses, { timeout: 30_000 }).toEqual(new Set(["IN_PROGRESS"]));
});

test("a board grouped by agent, oldest first, has an address that can be saved", async ({
  page,
  context,
  service,
}) => {
  const id = await quietIssue(service);
  const assigned = await quietIssue(service);
  await ask(
    service,
    `mutation ($id: ID!) { assignAgent(input: {issueId: $id, agent: "abacus"}) { cursor } }`,
    { id: assigned },
  );
  await openBoard(page);
  await page.keyboard.press("d");
  const display = page.getByRole("combobox", { name: "Display" });
  await display.fill("group agent");
  await page.keyboard.press("Enter");
  await display.fill("order age");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/group=agent/);
  await expect(page).toHaveURL(/sort=age/);
  const heads = page.getByRole("heading", { level: 3 });
  await expect(heads.filter({ hasText: "abacus" })).toBeVisible();

  await page.keyboard.press("v");
  const views = page.getByRole("dialog", { name: "Views" });
  await views.getByPlaceholder("Name").fill("By agent");
  await page.keyboard.press("Enter");
  const view = views.getByRole("link", { name: /^By agent/ });
  await expect(view, "the whole board, in rows").toContainText("The whole board · by agent");
  const link = (await view.getAttribute("href")) ?? "";
  await page.keyboard.press("Escape");

  // Its link opens the same view.
  const guest = await context.newPage();
  await guest.goto(link);
  await expect(guest).toHaveURL(/\?group=agent&sort=age$/);
  await expect(
    guest.getByRole("heading", { level: 3 }).filter({ hasText: "abacus" }),
  ).toBeVisible();
  await guest.goto("/board?view=view_gone");
  await expect(guest.getByText("This view is not there any more.")).toBeVisible();
  await expect(guest.locator("[data-card]").first()).toBeVisible();
  await guest.close();

  // Rows can be collapsed, and stay so. A card without an agent moves within its row with the keyboard.
  const other = await context.newPage();
  await openBoard(other, "?group=agent");
  // Each loaded page adds rows.
  await expect(async () => {
    for (;;) {
      const open = other.locator("h3 button[aria-expanded=true]:not(:has-text('No agent'))");
      if ((await open.count()) === 0) break;
      await open.first().click({ timeout: 1_000 });
    }
    await expect(other.getByRole("button", { name: /No agent/ })).toBeInViewport({
      timeout: 1_000,
    });
  }).toPass();
  await seek(other, other.locator("[data-scroller]"), id);
  await card(other, id).focus();
  await other.keyboard.press("m");
  await other.keyboard.press("4");
  await expect(card(other, id)).toBeFocused();
  await expect
    .poll(() =>
      card(other, id).evaluate((element) =>
        element.closest("[data-cell]")?.getAttribute("data-cell"),
      ),
    )
    .toBe("IN_REVIEW");

  await other.keyboard.press("v");
  await other.getByRole("button", { name: "Forget By agent" }).click();
  await expect(other.getByText("None is saved yet.")).toBeVisible();
});

test("cards are in queue order, also after changes", async ({ page, service }) => {
  for (const id of await quietIssues(service, 6)) await moveElsewhere(service, id, "READY");
  // The window is so tall that every card is in the DOM.
  await page.setViewportSize({ width: 1440, height: 8000 });
  await openBoard(page);
  await page.keyboard.press("d");
  await page.getByRole("combobox", { name: "Display" }).fill("order queue rank");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/sort=rank/);

  // The Ready issues in the order of the queue for an agent without assigned issues.
  const queued = async (): Promise<readonly string[]> => {
    type Found = { rank: number | null; issue: { id: string; status: Status } };
    const { queue } = await ask<{ queue: Found[] }>(
      service,
      `{ queue(agent: "unheard-of", first: 100) { rank issue { id status } } }`,
    );
    const ready = queue.filter(({ rank, issue }) => rank !== null && issue.status === "READY");
    return ready.map(({ issue }) => issue.id);
  };
  // Withheld issues are between them.
  const expectOrder = async (ids: readonly string[]) => {
    await expect
      .poll(async () => {
        const shown = await cards(page, "READY").evaluateAll((found) =>
          found.map((element) => element.getAttribute("data-card") ?? ""),
        );
        return shown.filter((id) => ids.includes(id));
      })
      .toEqual(ids);
  };
  const before = await queued();
  expect(before.length).toBeGreaterThan(5);
  await expectOrder(before);

  const last = before.at(-1) ?? "";
  await ask(
    service,
    `mutation ($id: ID!) { setPriority(input: {issueId: $id, priority: P0}) { cursor } }`,
    { id: last },
  );
  const after = await queued();
  expect(after.indexOf(last)).toBeLessThan(before.length - 1);
  await expectOrder(after);
});

test("a column is collapsed, is still a drop target, and stays collapsed", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await page.getByRole("button", { name: "Collapse In Review" }).click();
  const folded = page.getByRole("button", { name: "Expand In Review" });
  await expect(folded).toBeVisible();
  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(folded, "the focus is not lost").toBeFocused();
  await page.reload();
  await expect(folded).toBeVisible();
  await folded.click();
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
});

test("every action has a command in the palette", async ({ page, service }) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).focus();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Do or go to" }).fill("to in review");
  await page.keyboard.press("Enter");
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeFocused();

  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Do or go to" })).toBeFocused();
  await page.keyboard.type("dark mode");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveClass("dark");
});

test("a move that GitHub rejects is reverted with the reason", async ({ page, service }) => {
  // GitHub allows a hundred labels for an issue. This one has a hundred, so a status label cannot be added.
  const { issues } = await ask<{ issues: { nodes: { id: string; status: Status }[] } }>(
    service,
    `{ issues(filter: {search: "hundred labels"}) { nodes { id status } } }`,
  );
  const [full] = issues.nodes;
  if (!full) throw new Error("no issue with a hundred labels");
  await openBoard(page, "?q=hundred+labels");
  await card(page, full.id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(column(page, full.status).locator(`[data-card="${full.id}"]`)).toBeFocused();
  const refused = column(page, full.status).getByRole("alert");
  await expect(refused).toContainText("Not moved to In Review: GitHub API error: 422");
  await expect(refused.getByRole("button", { name: "Try again" })).toBeVisible();
  await refused.getByRole("button", { name: "Dismiss" }).click();
  await expect(refused).toBeHidden();
});

test("a view is saved for everybody, opened and deleted", async ({ page, context }) => {
  await openBoard(page, "?priority=priority/p1");
  await page.keyboard.press("v");
  const views = page.getByRole("dialog", { name: "Views" });
  await views.getByPlaceholder("Name").fill("What is next");
  await page.keyboard.press("Enter");
  await expect(views.getByRole("link", { name: /^What is next/ })).toContainText("shown now");
  await expect(views.getByRole("link", { name: /^What is next/ })).toContainText("High");

  const other = await context.newPage();
  await openBoard(other);
  await other.keyboard.press("v");
  await other.getByRole("link", { name: /^What is next/ }).click();
  await expect(other).toHaveURL(/priority=priority%2Fp1/);
  await other.keyboard.press("v");
  await other.getByRole("button", { name: "Forget What is next" }).click();
  await expect(other.getByText("None is saved yet.")).toBeVisible();
});

test("a card gets an agent and a priority on the board", async ({ page, service }) => {
  const id = await quietIssue(service);
  await openBoard(page);
  await card(page, id).focus();
  await page.keyboard.press("p");
  await page.getByRole("combobox", { name: "Set priority" }).fill("urgent");
  await page.keyboard.press("Enter");
  await expect(card(page, id).getByRole("img", { name: "Urgent priority (P0)" })).toBeVisible();
  await expect(card(page, id)).toBeFocused();

  await page.keyboard.press("o");
  await page.getByRole("combobox", { name: "Set owner" }).fill("osei");
  await expect(page.getByRole("option", { name: "osei" }), "the server offers them").toBeVisible();
  await page.keyboard.press("Enter");
  await expect(card(page, id).getByRole("img", { name: "Owner osei" })).toBeVisible();
});
