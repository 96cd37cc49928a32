import { expect, it } from "vitest";
import { pullRequestNumber } from "./badges.tsx";

it.each([
  ["https://github.com/acme/rocket/pull/12", "12"],
  ["https://github.example/acme/rocket/pull/7/", "7"],
  ["https://github.com/acme/rocket/issues/12", undefined],
  ["", undefined],
])("%s is %s", (url, number) => {
  expect(pullRequestNumber(url)).toBe(number);
});
