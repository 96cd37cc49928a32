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
  it("opens with Ctrl K, in a field too, and closes with it", () => {
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

  it("offers what can be done when it is opened", () => {
    const { rerender } = render(<Page />);
    rerender(<Page text="Do it again" />);
    control("k");
    expect(options()).toContain("Do it again");
    expect(options()).not.toContain("Do it");
  });

  it("offers nothing of a page that is gone", () => {
    const { unmount } = render(<Page />);
    unmount();
    render(<Palette />);
    control("k");
    expect(screen.getByText("Nothing is called that.")).toBeTruthy();
  });

  it("closes before it does what is chosen", async () => {
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
  ])("offers to sign in or out, whichever is possible: case %#", (who, words) => {
    viewer.set(who);
    render(<Page />);
    control("k");
    expect(options().filter((text) => text.startsWith("Sign "))).toEqual([words]);
  });
});

describe("the keys of every page", () => {
  const press = (key: string, on: Element = document.body) =>
    act(() => void fireEvent.keyDown(on, { key }));

  it("go to a page with g and its letter", () => {
    render(<Page />);
    press("g");
    press("q");
    expect(location.pathname).toBe("/queue");
  });

  it("go nowhere without g, nor with a letter between", () => {
    render(<Page />);
    press("q");
    press("g");
    press("x");
    press("q");
    expect(location.pathname).toBe("/");
  });

  it("forget g after a second", () => {
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

  it("show all keys with a question mark, but not from a field", () => {
    render(<Page />);
    press("?", screen.getByLabelText("Field"));
    expect(shell.help).not.toHaveBeenCalled();
    press("?");
    expect(shell.help).toHaveBeenCalledOnce();
  });
});
