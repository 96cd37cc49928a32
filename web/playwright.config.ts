import { defineConfig } from "@playwright/test";

// DISPATCH is the path of the program, CHROMIUM that of the browser.
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  // Deadlines for slow machines.
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
