import { expect, it } from "vitest";
import { latestOnly } from "./latestOnly.ts";

it("responses in the order of their requests are all shown", () => {
  const { start } = latestOnly();
  const first = start();
  const second = start();
  expect(first()).toBe(true);
  expect(second()).toBe(true);
});

it("a response is dropped after the response to a later request", () => {
  const { start } = latestOnly();
  const first = start();
  const second = start();
  const third = start();
  expect(second()).toBe(true);
  expect(first()).toBe(false);
  expect(third()).toBe(true);
  expect(second()).toBe(false);
});

it("a later request without a response does not drop anything", () => {
  const { start } = latestOnly();
  const first = start();
  start();
  expect(first()).toBe(true);
});

it("a response in several parts is shown until there is a newer one", () => {
  const { start } = latestOnly();
  const first = start();
  expect(first()).toBe(true);
  expect(first()).toBe(true);
});

it("superseding drops the responses to all earlier requests, and to no later one", () => {
  const order = latestOnly();
  const before = order.start();
  order.supersede();
  const after = order.start();
  expect(before()).toBe(false);
  expect(after()).toBe(true);
  order.supersede();
  expect(after()).toBe(false);
});

it("each instance has its own order", () => {
  const one = latestOnly();
  const other = latestOnly();
  const isLatest = one.start();
  other.start();
  other.supersede();
  expect(isLatest()).toBe(true);
});
