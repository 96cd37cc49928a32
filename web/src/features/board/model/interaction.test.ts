import { beforeEach, expect, it, vi } from "vitest";
import { Interaction } from "./interaction.ts";

let interaction: Interaction;
beforeEach(() => {
  interaction = new Interaction();
});

it("acts on the selection if the card belongs to it, otherwise on the card alone", () => {
  interaction.select(["a", "b"]);
  expect(interaction.with("a")).toEqual(["a", "b"]);
  expect(interaction.with("c")).toEqual(["c"]);
  interaction.clear();
  expect(interaction.with("a")).toEqual(["a"]);
});

it("toggles single cards, and adds cards without duplicates", () => {
  interaction.toggle("a");
  interaction.select(["b", "a"]);
  expect([...interaction.selected.get()]).toEqual(["a", "b"]);
  interaction.toggle("a");
  expect([...interaction.selected.get()]).toEqual(["b"]);
});

it("does not mutate a selection, so that comparisons see the change", () => {
  const before = interaction.selected.get();
  interaction.toggle("a");
  const after = interaction.selected.get();
  expect(before.size).toBe(0);
  interaction.select(["b"]);
  expect([...after]).toEqual(["a"]);
});

it("does not notify watchers when an empty selection is cleared", () => {
  const listener = vi.fn();
  interaction.selected.watch(listener);
  interaction.clear();
  expect(listener).not.toHaveBeenCalled();
  interaction.toggle("a");
  interaction.clear();
  expect(listener).toHaveBeenCalledTimes(2);
});

it("handles a request for the focus only once", () => {
  interaction.focus("a");
  const request = interaction.focusRequests.get();
  expect(interaction.focused.get()).toBe("a");
  expect(interaction.isFocusRequestTaken(request)).toBe(false);
  expect(interaction.takeFocusRequest(request)).toBe(true);
  expect(interaction.isFocusRequestTaken(request)).toBe(true);
  expect(interaction.takeFocusRequest(request)).toBe(false);
});

it("requests the focus again for the same card", () => {
  interaction.focus("a");
  interaction.takeFocusRequest(interaction.focusRequests.get());
  interaction.focus("a");
  expect(interaction.takeFocusRequest(interaction.focusRequests.get())).toBe(true);
});

it("has no request at first", () => {
  expect(interaction.takeFocusRequest(interaction.focusRequests.get())).toBe(false);
});
