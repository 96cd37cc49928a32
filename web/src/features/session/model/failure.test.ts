import { expect, it } from "vitest";
import { untilEnd } from "./expiry.ts";
import { failureOf } from "./failure.ts";

const problem = (status: number, members: object, headers: Record<string, string> = {}) =>
  failureOf(new Response(JSON.stringify(members), { status, headers }));

it("is shown at the token if the token is wrong", async () => {
  expect(await problem(401, { error: "The token is wrong" })).toEqual({
    field: "token",
    message: "The token is wrong.",
  });
  expect(await problem(403, { detail: "a worker's token signs nobody in" })).toEqual({
    field: "token",
    message: "A worker's token signs nobody in.",
  });
});

it("is shown at the name if the name is wrong", async () => {
  const error = "name must be no reserved word";
  expect(await problem(400, { error, field: "name" })).toEqual({
    field: "name",
    message: "Name must be no reserved word.",
  });
  expect((await problem(400, { error, field: "token" })).field).toBe("token");
});

it.each([
  ["30", "in a minute"],
  ["61", "in 2 minutes"],
  ["", "later"],
  ["Wed, 21 Oct 2026 07:28:00 GMT", "later"],
])("shows when to try again: after %s seconds", async (after, when) => {
  expect((await problem(429, {}, { "retry-after": after })).message).toBe(
    `Too many wrong tokens. Try again ${when}.`,
  );
});

it("does not need a problem document", async () => {
  const page = new Response("<html>", { status: 502 });
  expect(await failureOf(page)).toEqual({
    field: undefined,
    message: "Dispatch answered with status 502.",
  });
  expect((await problem(409, { detail: "People sign in at the browser here." })).field).toBe(
    undefined,
  );
});

it("waits for the end of a session, and at least a minute", () => {
  const now = Date.parse("2026-06-01T12:00:00.000Z");
  expect(untilEnd(null, now)).toBeUndefined();
  expect(untilEnd("2026-06-01T12:10:00.000Z", now)).toBe(600_000);
  expect(untilEnd("2026-06-01T11:00:00.000Z", now)).toBe(60_000);
  expect(untilEnd("2026-06-08T12:00:00.000Z", now)).toBe(86_400_000);
});
