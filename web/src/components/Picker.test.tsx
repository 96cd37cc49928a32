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

it("a choice matches by every word, in its text or its group, in any order and case", () => {
  expect(keysOf(matching(CHOICES, "go"))).toEqual(["board", "queue"]);
  expect(keysOf(matching(CHOICES, "QUE go"))).toEqual(["queue"]);
  expect(keysOf(matching(CHOICES, "board queue"))).toEqual([]);
});

it("an empty query or one of spaces matches everything", () => {
  expect(matching(CHOICES, "")).toHaveLength(3);
  expect(matching(CHOICES, "  \t")).toHaveLength(3);
});

it("a query is text, not a pattern", () => {
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

it("the arrow keys walk the choices and wrap around", async () => {
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

it("typing starts again at the first match", async () => {
  const { user } = renderPicker();
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(active()).toBe("Sync now");
  await user.keyboard("go");
  expect(active()).toBe("Board");
});

it("nothing can be chosen when nothing matches", async () => {
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

it("only choices that are switched on are marked, whichever is active", () => {
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
