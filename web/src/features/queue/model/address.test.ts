import { expect, it } from "vitest";
import { addressOfSearch, searchOfAddress } from "./address.ts";
import { countReasons } from "./withheld.ts";

it.each([
  ["", { agent: "", lane: "", everyone: false }],
  ["agent=scout", { agent: "scout", lane: "", everyone: false }],
  ["agent=agent/scout&lane=frontier", { agent: "scout", lane: "frontier", everyone: false }],
  ["agent=scout&decisions=all", { agent: "scout", lane: "", everyone: true }],
  ["agent=scout&decisions=some&other=1", { agent: "scout", lane: "", everyone: false }],
])("is parsed from ?%s", (search, address) => {
  expect(addressOfSearch(search)).toEqual(address);
});

it("is written as it is parsed", () => {
  const address = { agent: "tool/belt & co", lane: "frontier", everyone: true };
  expect(addressOfSearch(searchOfAddress(address))).toEqual(address);
  expect(searchOfAddress({ agent: "", lane: "", everyone: false })).toBe("");
});

it("counts an issue for each of its reasons, the most frequent first", () => {
  expect(
    countReasons([
      { skipReasons: ["LEASED"] },
      { skipReasons: ["LEASED", "LIMIT_REACHED"] },
      { skipReasons: [] },
    ]),
  ).toEqual([
    { reason: "LEASED", issues: 2 },
    { reason: "LIMIT_REACHED", issues: 1 },
  ]);
});
