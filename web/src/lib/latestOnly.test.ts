import { expect, it } from "vitest";
import { latestOnly } from "./latestOnly.ts";

it("answers in the order of their requests are all shown", () => {
  const { start } = latestOnly();
  const first = start();
  const second = start();
  expect(first()).toBe(true);
  expect(second()).toBe(true);
});

it("an answer is dropped when that to a later request was shown", () => {
  const { start } = latestOnly();
  const first = start();
  const second = start();
  const third = start();
  expect(second()).toBe(true);
  expect(first()).toBe(false);
  expect(third()).toBe(true);
  expect(second()).toBe(false);
});

it("a later request that was not answered yet drops nothing", () => {
  const { start } = latestOnly();
  const first = start();
  start();
  expect(first()).toBe(true);
});

it("an answer that comes in parts is shown until a newer one is", () => {
  const { start } = latestOnly();
  const first = start();
  expect(first()).toBe(true);
  expect(first()).toBe(true);
});

it("what supersedes drops the answers to all requests before it, and none after it", () => {
  const order = latestOnly();
  const before = order.start();
  order.supersede();
  const after = order.start();
  expect(before()).toBe(false);
  expect(after()).toBe(true);
  order.supersede();
  expect(after()).toBe(false);
});

it("each has an order of its own", () => {
  const one = latestOnly();
  const other = latestOnly();
  const isLatest = one.start();
  other.start();
  other.supersede();
  expect(isLatest()).toBe(true);
});
