import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { palette, useCommands } from "@/lib/commands.ts";
import { READER, SIGNED_IN, VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { Palette } from "./Palette.tsx";
import { useShellCommands } from "./useShellCommands.tsx";

vi.mock("@/features/session", () => ({ signOutAndNotify: vi.fn() }));

const shell = { repositories: vi.fn(), help: vi.fn() };
const own = vi.fn();

function Page({ text = "Do it" }: { readonly text?: string }) {
  useShellCommands(shell);
  useCommands(() => [{ key: "own", group: "Page", text, run: own }]);
  return (
    <>
      <Palette />
      <input aria-label="Field" />
    </>
  );
}

beforeEach(() => {
  viewer.set(VISITOR);
  history.replaceState(null, "", "/");
});
afterEach(() => {
  cleanup();
  palette.set(undefined);
  viewer.set(undefined);
  vi.clearAllMocks();
  vi.useRealTimers();
});

const list = () => screen.queryByRole("listbox", { name: "Do or go to" });
const options = () => screen.getAllByRole("option").map(({ textContent }) => textContent);
const control = (key: string, on: Element = document.body) =>
  fireEvent.keyDown(on, { key, ctrlKey: true });

describe("the palette", () => {
  it("opens and closes with Ctrl K, also in a field", () => {
    render(<Page />);
    expect(list()).toBeNull();
    control("k", screen.getByLabelText("Field"));
    expect(list()).toBeTruthy();
    control("K");
    expect(list()).toBeNull();
  });

  it("does not open above a dialog", () => {
    render(<Page />);
    const dialog = document.createElement("dialog");
    dialog.setAttribute("open", "");
    document.body.append(dialog);
    control("k");
    expect(list()).toBeNull();
    dialog.remove();
  });

  it("shows the commands that are available when it opens", () => {
    const { rerender } = render(<Page />);
    rerender(<Page text="Do it again" />);
    control("k");
    expect(options()).toContain("Do it again");
    expect(options()).not.toContain("Do it");
  });

  it("does not show commands of a page that was left", () => {
    const { unmount } = render(<Page />);
    unmount();
    render(<Palette />);
    control("k");
    expect(screen.getByText("Nothing is called that.")).toBeTruthy();
  });

  it("closes before it runs the command", async () => {
    own.mockImplementation(() => expect(list()).toBeNull());
    render(<Page />);
    control("k");
    await userEvent.type(screen.getByRole("combobox"), "do it{Enter}");
    await vi.waitFor(() => expect(own).toHaveBeenCalledOnce());
  });

  it.each([
    [VISITOR, "Sign in"],
    [READER, "Sign in"],
    [SIGNED_IN, "Sign out Sam"],
  ])("shows the command to sign in or to sign out: case %#", (who, words) => {
    viewer.set(who);
    render(<Page />);
    control("k");
    expect(options().filter((text) => text.startsWith("Sign "))).toEqual([words]);
  });
});

describe("the shortcuts of all pages", () => {
  const press = (key: string, on: Element = document.body) =>
    act(() => void fireEvent.keyDown(on, { key }));

  it("open a page with g and its letter", () => {
    render(<Page />);
    press("g");
    press("q");
    expect(location.pathname).toBe("/queue");
  });

  it("do nothing without g, or with another key between", () => {
    render(<Page />);
    press("q");
    press("g");
    press("x");
    press("q");
    expect(location.pathname).toBe("/");
  });

  it("require the letter within a second after g", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    render(<Page />);
    press("g");
    vi.advanceTimersByTime(1_000);
    press("q");
    expect(location.pathname).toBe("/");
    press("g");
    vi.advanceTimersByTime(999);
    press("q");
    expect(location.pathname).toBe("/queue");
  });

  it("show the list of shortcuts with a question mark, but not in a field", () => {
    render(<Page />);
    press("?", screen.getByLabelText("Field"));
    expect(shell.help).not.toHaveBeenCalled();
    press("?");
    expect(shell.help).toHaveBeenCalledOnce();
  });
});
