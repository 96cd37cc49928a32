import { expect, it } from "vitest";
import { EMPTY_FILTER } from "../model/filter.ts";
import { optionsOf } from "./options.ts";

const offered = {
  actor: [
    { value: "ada", entries: 3 },
    { value: "claude", entries: 7 },
  ],
  action: [{ value: "move_issue", entries: 10 }],
};

it("offers the values of the server, and both outcomes", () => {
  const options = optionsOf(offered, EMPTY_FILTER);
  expect(options.map(({ facet, value, entries }) => [facet, value, entries])).toEqual([
    ["actor", "ada", 3],
    ["actor", "claude", 7],
    ["action", "move_issue", 10],
    ["outcome", "success", undefined],
    ["outcome", "failure", undefined],
  ]);
});

it("offers the chosen value, so that it can be removed", () => {
  const filter = { ...EMPTY_FILTER, actor: "nobody", action: "move_issue" };
  const options = optionsOf(offered, filter);
  expect(options.filter(({ value }) => value === "nobody")).toEqual([
    { facet: "actor", value: "nobody", entries: undefined },
  ]);
  expect(options.filter(({ value }) => value === "move_issue")).toHaveLength(1);
  expect(optionsOf({}, filter).map(({ value }) => value)).toEqual([
    "nobody",
    "move_issue",
    "success",
    "failure",
  ]);
});
