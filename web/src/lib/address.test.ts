import { expect, it } from "vitest";
import { boardAddress } from "./address.ts";

const paramsOf = (address: string) => new URL(address, "http://localhost").searchParams;

it("is the plain board without parameters", () => {
  expect(boardAddress({})).toBe("/board");
  expect(boardAddress({ statuses: [], stale: false })).toBe("/board");
});

it("has agents as labels and statuses as words, in the given order", () => {
  const params = paramsOf(boardAddress({ agent: "quill", statuses: ["DONE", "IN_PROGRESS"] }));
  expect(params.get("agent")).toBe("agent/quill");
  expect(params.getAll("status")).toEqual(["done", "in-progress"]);
});

it.each(["a&b=c", "a b", "100%", "#1", "ä/ö", "+"])("keeps the name %j", (name) => {
  const params = paramsOf(boardAddress({ agent: name, repository: name, issue: name }));
  expect(params.get("agent")).toBe(`agent/${name}`);
  expect(params.get("repo")).toBe(name);
  expect(params.get("issue")).toBe(name);
  expect([...params.keys()].sort()).toEqual(["agent", "issue", "repo"]);
});
