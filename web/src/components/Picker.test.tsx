import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { matching, Picker, type Choice } from "./Picker.tsx";

afterEach(cleanup);

const CHOICES: readonly Choice[] = [
  { key: "board", text: "Board", group: "Go to" },
  { key: "queue", text: "Queue", group: "Go to" },
  { key: "sync", text: "Sync now", group: "Do", chosen: true },
];

const keysOf = (choices: readonly Choice[]) => choices.map(({ key }) => key);

it("matches choices by every word, in text or group, in any order and case", () => {
  expect(keysOf(matching(CHOICES, "go"))).toEqual(["board", "queue"]);
  expect(keysOf(matching(CHOICES, "QUE go"))).toEqual(["queue"]);
  expect(keysOf(matching(CHOICES, "board queue"))).toEqual([]);
});

it("matches everything with an empty query or with spaces only", () => {
  expect(matching(CHOICES, "")).toHaveLength(3);
  expect(matching(CHOICES, "  \t")).toHaveLength(3);
});

it("treats the query as text, not as a pattern", () => {
  expect(matching(CHOICES, ".*")).toEqual([]);
  expect(matching(CHOICES, "(")).toEqual([]);
});

/** The id of the option that Enter would choose. */
const active = () => {
  const id = screen.getByRole("combobox").getAttribute("aria-activedescendant");
  return id === null ? undefined : document.getElementById(id)?.textContent;
};

function renderPicker() {
  const onChoose = vi.fn();
  render(
    <Picker label="Do or go to" choices={CHOICES} onChoose={onChoose} onClose={() => undefined} />,
  );
  return { onChoose, user: userEvent.setup() };
}

it("moves through the choices with the arrow keys, and wraps around", async () => {
  const { user, onChoose } = renderPicker();
  expect(document.activeElement).toBe(screen.getByRole("combobox"));
  expect(active()).toBe("Board");
  await user.keyboard("{ArrowUp}");
  expect(active()).toBe("Sync now");
  await user.keyboard("{ArrowDown}");
  expect(active()).toBe("Board");
  await user.keyboard("{ArrowDown}{Enter}");
  expect(onChoose).toHaveBeenCalledExactlyOnceWith(CHOICES[1]);
});

it("activates the first match when the query changes", async () => {
  const { user } = renderPicker();
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(active()).toBe("Sync now");
  await user.keyboard("go");
  expect(active()).toBe("Board");
});

it("chooses nothing without a match", async () => {
  const { user, onChoose } = renderPicker();
  await user.keyboard("xyzzy");
  expect(screen.queryAllByRole("option")).toEqual([]);
  expect(active()).toBeUndefined();
  await user.keyboard("{ArrowDown}{ArrowUp}{Enter}");
  expect(onChoose).not.toHaveBeenCalled();
  // The first match becomes active.
  await user.clear(screen.getByRole("combobox"));
  expect(active()).toBeDefined();
});

it("marks only choices that are on, whichever is active", () => {
  renderPicker();
  const selected = screen
    .getAllByRole("option")
    .map((option) => [option.textContent, option.getAttribute("aria-selected")]);
  expect(selected).toEqual([
    ["Board", "true"],
    ["Queue", "false"],
    ["Sync now", "true"],
  ]);
});
