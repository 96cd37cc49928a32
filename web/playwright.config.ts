import { defineConfig } from "@playwright/test";

// The tests run the real program, named by DISPATCH, in a browser that is on the machine already.
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  // Deadlines for the slowest machine, not measures.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  workers: 1,
  forbidOnly: process.env.CI !== undefined,
  reporter: [["./e2e/support/reporter.ts"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
