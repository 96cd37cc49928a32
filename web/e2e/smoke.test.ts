import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "./support/test.ts";

const CHECKLIST = fileURLToPath(new URL("../../tests/smoke-checklist.mjs", import.meta.url));

test("the smoke checklist passes, and the service reports no problem", async ({ service }) => {
  const { stdout } = await promisify(execFile)("node", [CHECKLIST, service.url]);
  expect(stdout.match(/^ok /gm)).toHaveLength(10);
  expect(service.said).not.toMatch(/WARN|ERROR|panicked/);
});
