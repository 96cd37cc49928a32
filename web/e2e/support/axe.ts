import type { Page } from "@playwright/test";
import axe from "axe-core";

/**
 * A rule that axe does not check by default: controls of at least 24 by 24 pixels, or with as much space (WCAG 2.2).
 */
const OPTIONS = { rules: { "target-size": { enabled: true } } };

/** Waits until all finite transitions and animations have ended, because they change the contrast of colours. */
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

/** The violations of axe's rules on a page, one line each. Each caller that disables a rule gives the reason. */
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
