import { expect, it } from "vitest";
import { outcomeOf } from "./RunStatus.tsx";

it.each(["success", "Succeeded", "complete", "COMPLETED", "done", "ok"])("%s is good", (word) => {
  expect(outcomeOf(word)).toBe("good");
});

it.each(["error", "Failed", "failure", "cancelled", "timed_out"])("%s is bad", (word) => {
  expect(outcomeOf(word)).toBe("bad");
});

it.each(["", "running", "unsuccessful", "not done", "ok?", "failed to start", " success"])(
  "%j, which agents may report as well, is neither good nor bad",
  (word) => {
    expect(outcomeOf(word)).toBe("open");
  },
);
