import { afterEach, expect, it } from "vitest";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { whyUnchangeable } from "./changeable.ts";
import { issue } from "./fixtures.ts";

afterEach(() => viewer.set(undefined));

const open = issue(1, "READY");
const archived = issue(2, "READY", {
  repository: { ...open.repository, readOnlyReason: "ARCHIVED" },
});

it("names the read-only repository first, because signing in would not help", () => {
  viewer.set(READER);
  expect(whyUnchangeable(archived, "move")).toContain("is archived on GitHub");
  expect(whyUnchangeable(open, "move")).toBe("Sign in to move cards.");
  expect(whyUnchangeable(open, "edit")).toBe("Sign in to change issues.");
});

it("allows changes once the viewer is loaded", () => {
  expect(whyUnchangeable(open, "move")).toBeDefined();
  viewer.set(VISITOR);
  expect(whyUnchangeable(open, "move")).toBeUndefined();
  expect(whyUnchangeable(archived, "move")).toBeDefined();
});
