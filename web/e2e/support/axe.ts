import type { Page } from "@playwright/test";
import axe from "axe-core";

/** What the page does wrong by axe's rules, one line each. Rules that are left out need a reason where they are. */
export async function violations(page: Page, leftOut: readonly string[] = []): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations: found } = await (
      window as unknown as {
        axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      }
    ).axe.run();
    return found.flatMap((rule) =>
      rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`),
    );
  });
  return found.filter((line) => !leftOut.some((rule) => line.startsWith(`${rule}: `)));
}
