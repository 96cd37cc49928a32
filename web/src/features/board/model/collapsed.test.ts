import { beforeEach, expect, it } from "vitest";
import { swimlaneKey, openCollapseState } from "./collapsed.ts";

beforeEach(() => localStorage.clear());

it("stores what is collapsed until it is expanded again", () => {
  const collapse = openCollapseState();
  collapse.toggle("DONE");
  collapse.toggle(swimlaneKey("agent", "mender"));
  expect([...openCollapseState().collapsed.get()]).toEqual(["DONE", "agent:mender"]);
  collapse.toggle("DONE");
  expect([...openCollapseState().collapsed.get()]).toEqual(["agent:mender"]);
});

it("expands everything if the stored value is invalid", () => {
  localStorage.setItem("dispatch-folded", "{not json");
  expect(openCollapseState().collapsed.get().size).toBe(0);
  localStorage.setItem("dispatch-folded", '{"DONE": true}');
  expect(openCollapseState().collapsed.get().size).toBe(0);
});
