import type { Page } from "@playwright/test";
import axe from "axe-core";

/** Off in axe unless asked for: controls of at least 24 by 24 pixels, or with as much room (WCAG 2.2). */
const OPTIONS = { rules: { "target-size": { enabled: true } } };

/** Waits until transitions and animations are over, except those without an end: a colour on its way has any contrast. */
const untilStill = (page: Page): Promise<unknown> =>
  page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter(
          (each) =>
            each.playState === "running" && each.effect?.getComputedTiming().endTime !== Infinity,
        )
        .map((each) => each.finished),
    ).then(() => undefined),
  );

/** What the page does wrong by axe's rules, one line each. Rules that are left out need a reason where they are. */
export async function violations(page: Page, leftOut: readonly string[] = []): Promise<string[]> {
  await page.evaluate(axe.source);
  await untilStill(page);
  const found = await page.evaluate(async (options) => {
    const { violations: found } = await (
      window as unknown as {
        axe: {
          run: (
            options: object,
          ) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
        };
      }
    ).axe.run(options);
    return found.flatMap((rule) =>
      rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`),
    );
  }, OPTIONS);
  return found.filter((line) => !leftOut.some((rule) => line.startsWith(`${rule}: `)));
}
