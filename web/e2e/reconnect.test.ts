import {
  card,
  column,
  expect,
  moveElsewhere,
  openBoard,
  quietIssue,
  test,
} from "./support/test.ts";

test("a window that lost its connection shows that, and misses no change", async ({
  page,
  service,
}) => {
  const id = await quietIssue(service);
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

  await moveElsewhere(service, id, "IN_REVIEW");
  closed = false;
  await expect(page.locator("[data-connection=live]")).toBeVisible();
  await expect(column(page, "IN_REVIEW").locator(`[data-card="${id}"]`)).toBeVisible();
  await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toHaveCount(0);
});

test("a move from an outdated board is reverted with the reason", async ({ page, service }) => {
  const id = await quietIssue(service);
  // This window receives no events, so its data becomes outdated.
  await page.routeWebSocket("**/graphql", (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (!String(message).includes('"next"')) socket.send(message);
    });
  });
  await openBoard(page);
  await moveElsewhere(service, id, "IN_REVIEW");

  await card(page, id).focus();
  await page.keyboard.press("m");
  await page.keyboard.press("6");
  await expect(column(page, "IN_PROGRESS").locator(`[data-card="${id}"]`)).toBeVisible();
  await expect(column(page, "IN_PROGRESS").getByRole("alert")).toContainText("Not moved to Done:");
});
