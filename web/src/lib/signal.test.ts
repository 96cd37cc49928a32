import { expect, it, vi } from "vitest";
import { signal } from "./signal.ts";

it("notifies watchers when the value changes, and not when it stays the same", () => {
  const value = signal(1);
  const listener = vi.fn();
  value.watch(listener);
  value.set(1);
  expect(listener).not.toHaveBeenCalled();
  value.set(2);
  expect(listener).toHaveBeenCalledOnce();
  expect(value.get()).toBe(2);
});

it("compares like Object.is: NaN equals itself, an equal object does not", () => {
  const number = signal(NaN);
  const listener = vi.fn();
  number.watch(listener);
  number.set(NaN);
  expect(listener).not.toHaveBeenCalled();

  const object = signal<object>({});
  object.watch(listener);
  object.set({});
  expect(listener).toHaveBeenCalledOnce();
});

it("has the new value when a listener is called", () => {
  const value = signal("before");
  const seen: string[] = [];
  value.watch(() => seen.push(value.get()));
  value.set("after");
  expect(seen).toEqual(["after"]);
});

it("does not notify a removed listener, but the others", () => {
  const value = signal(0);
  const [one, other] = [vi.fn(), vi.fn()];
  const stop = value.watch(one);
  value.watch(other);
  stop();
  stop();
  value.set(1);
  expect(one).not.toHaveBeenCalled();
  expect(other).toHaveBeenCalledOnce();
});

it("allows a listener to remove another one, or itself", () => {
  const value = signal(0);
  const other = vi.fn();
  const stops: (() => void)[] = [];
  stops.push(value.watch(() => stops.forEach((stop) => stop())));
  stops.push(value.watch(other));
  value.set(1);
  expect(other).not.toHaveBeenCalled();
  value.set(2);
  expect(value.get()).toBe(2);
});
