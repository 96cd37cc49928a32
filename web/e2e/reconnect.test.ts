import { ask, card, cards, column, expect, openBoard, quietIssue, test } from "./support/test.ts";

test("a window that lost its connection says so, and misses nothing", async ({ page, service }) => {
  const id = await quietIssue(service, "BACKLOG");
  let cut: (() => Promise<void>) | undefined;
  let closed = false;
  await page.routeWebSocket("**/graphql", async (socket) => {
    if (closed) {
      await socket.close();
      return;
    }
    socket.connectToServer();
    cut = () => socket.close();
  });
  await openBoard(page);
  await expect(card(page, id)).toBeVisible();

  closed = true;
  await cut?.();
  await expect(page.locator("[data-connection=stale]")).toHaveText(/^Stale since \d/);
  await expect(card(page, id), "what was true is still shown").toBeVisible();

  await ask(
    service,
    `mutation ($id: ID!) { moveIssue(input: {issueId: $id, to: READY}) { cursor } }`,
    { id },
  );
  closed = false;
  await expect(page.locator("[data-connection=live]")).toBeVisible({ timeout: 10_000 });
  await expect(column(page, "READY").locator(`[data-card="${id}"]`)).toBeVisible();
  await expect(cards(page, "BACKLOG").locator(`[data-card="${id}"]`)).toHaveCount(0);
});

test("a move that came too late goes back, says why, and can be tried again", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service, "BACKLOG");
  // This window hears of nothing, so what it believes grows old.
  await page.routeWebSocket("**/graphql", (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (!String(message).includes('"next"')) socket.send(message);
    });
  });
  await openBoard(page);
  await ask(
    service,
    `mutation ($id: ID!) { moveIssue(input: {issueId: $id, to: READY}) { cursor } }`,
    { id },
  );

  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("4");
  await expect(column(page, "BACKLOG").locator(`[data-card="${id}"]`)).toBeVisible();
  const refused = column(page, "BACKLOG").getByRole("alert");
  await expect(refused).toContainText("Not moved to In Review:");
  await refused.getByRole("button", { name: "Dismiss" }).click();
  await expect(refused).toBeHidden();
});
