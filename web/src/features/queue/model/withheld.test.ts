import { expect, it } from "vitest";
import { PAUSED } from "@/lib/fixtures.ts";
import type { Pause } from "@/lib/pauses.ts";
import { withoutPause } from "./withheld.ts";

const until = "until 2026-06-01T12:00:00.000Z";

it.each([
  ["EVERYTHING", "Everything is paused by ana", "everything is paused by ana"],
  [
    "LANE",
    `The lane default is paused by ana ${until}`,
    `the lane default is paused by ana ${until}`,
  ],
  ["REPOSITORY", "Acme/Rocket is paused by ana: a. b", "Acme/Rocket is paused by ana: a. b"],
] as const)("finds a pause of %s in the sentence about an issue", (scope, summary, inside) => {
  const pauses: readonly Pause[] = [PAUSED, { ...PAUSED, scope, summary }];
  const said = `The issue is not served, because ${inside}.`;
  expect(withoutPause({ summary: said, skipReasons: ["PAUSED"] }, pauses)).toBe(
    "The issue is paused.",
  );
});

it("does not change the sentence about another pause, or about none", () => {
  const summary = "The issue is not served, because the agent quill is paused by ana.";
  expect(withoutPause({ summary, skipReasons: ["PAUSED"] }, [PAUSED])).toBe(summary);
  const label = "The issue is not served, because everything is paused by ana: A release.";
  expect(withoutPause({ summary: label, skipReasons: ["EXCLUDED"] }, [PAUSED])).toBe(label);
});
