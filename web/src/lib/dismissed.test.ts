import { beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
});

const load = () => import("./dismissed.ts");

it("a reminder stays dismissed until the repository is tracked again", async () => {
  const first = await load();
  first.dismiss("acme/api");
  first.dismiss("acme/web");
  vi.resetModules();
  const later = await load();
  expect(later.dismissed.get()).toEqual(["acme/api", "acme/web"]);
  later.recall((name) => name === "acme/api");
  expect(later.dismissed.get()).toEqual(["acme/web"]);
  vi.resetModules();
  expect((await load()).dismissed.get()).toEqual(["acme/web"]);
});

it.each(["{not json", '{"a": 1}', "null", "[1, null]"])("reads nothing from %s", async (text) => {
  localStorage.setItem("dispatch-dismissed", text);
  expect((await load()).dismissed.get()).toEqual([]);
});
