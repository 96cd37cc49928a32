import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { EVENTS, payloadUrl } from "./setup.ts";

it("lists the events to which the server subscribes", () => {
  const source = readFileSync(resolve("../src/domain/webhooks.rs"), "utf8");
  const [, list = ""] = /pub const SUBSCRIBED: &\[&str\] = &\[([^\]]*)\]/.exec(source) ?? [];
  expect([...list.matchAll(/"(\w+)"/g)].map(([, name]) => name)).toEqual(EVENTS);
});

it("returns the address, also under the path of a proxy", () => {
  expect(payloadUrl("https://a.example", "")).toBe("https://a.example/api/webhooks/github");
  expect(payloadUrl("https://a.example", "/dispatch")).toBe(
    "https://a.example/dispatch/api/webhooks/github",
  );
});
