import { expect, it } from "vitest";
import { addressOfView, wordsOfView } from "./views.ts";

it.each([
  ["", "The whole board"],
  ["group=agent&sort=age", "The whole board · by agent · ordered by age"],
  ["sort=rank", "The whole board · ordered by queue rank"],
  ["priority=priority/p0&priority=P1", "Urgent or High"],
  [
    "repo=a/b&status=ready&status=blocked&agent=agent/claude&stale=true",
    "in a/b · Ready or Blocked · agent claude · without an update for 7 days",
  ],
  ["q=leak&label=bug&includeClosed=true", "labelled bug · “leak” · closed ones too"],
])("describes the view ?%s", (query, words) => {
  expect(wordsOfView(query)).toBe(words);
});

it("has its own address", () => {
  expect(addressOfView("view_1")).toBe("/board?view=view_1");
});
