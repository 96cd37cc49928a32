import type { FullResult, Reporter, Suite, TestCase, TestResult } from "@playwright/test/reporter";

/** The number of lines that are shown of a failure. */
const LINES = 12;

/** One line for each test, a few for one that failed, and the totals that `scripts/test` reads. */
export default class ShortReporter implements Reporter {
  #suite: Suite | undefined;
  #began = Date.now();

  onBegin(_: unknown, suite: Suite): void {
    this.#suite = suite;
    this.#began = Date.now();
  }

  onTestEnd(test: TestCase, { status, duration, errors }: TestResult): void {
    const passed = status === test.expectedStatus;
    const { file, line } = test.location;
    const where = `${file.replace(/^.*\/(?=e2e\/)/, "")}:${line}`;
    console.log(
      `  ${passed ? "✓" : "✘"}  ${where} ${test.title} (${(duration / 1000).toFixed(1)}s)`,
    );
    for (const { message = "", location } of errors) {
      const lines = plain(message)
        .split("\n")
        .filter((each) => each.trim() !== "");
      for (const each of lines.slice(0, LINES)) console.log(`       ${each}`);
      if (location)
        console.log(`       at ${location.file.replace(/^.*\/(?=e2e\/)/, "")}:${location.line}`);
    }
  }

  onError({ message = "" }: { message?: string }): void {
    console.log(plain(message));
  }

  onEnd({ status }: FullResult): void {
    const tests = this.#suite?.allTests() ?? [];
    const failed = tests.filter((test) => test.outcome() === "unexpected").length;
    const passed = tests.filter((test) => ["expected", "flaky"].includes(test.outcome())).length;
    if (failed > 0) console.log(`  ${failed} failed`);
    console.log(
      `  ${passed} passed (${((Date.now() - this.#began) / 1000).toFixed(0)}s, ${status})`,
    );
  }
}

// eslint-disable-next-line no-control-regex -- colours
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "");
