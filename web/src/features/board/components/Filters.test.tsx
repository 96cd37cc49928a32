import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readOptions } from "../api/options.ts";
import { EMPTY_FILTER, type BoardFilter } from "../model/filter.ts";
import { issue } from "../model/fixtures.ts";
import { FilterChips, FilterPicker, SearchField } from "./Filters.tsx";
import { boardOf, renderOn } from "./testBoard.tsx";

vi.mock("../api/options.ts", async (original) => ({
  ...(await original<typeof import("../api/options.ts")>()),
  readOptions: vi.fn(),
}));

const onChange = vi.fn();
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
  vi.useRealTimers();
});

describe("the filter chips", () => {
  const show = (changes: Partial<BoardFilter>) =>
    render(<FilterChips filter={{ ...EMPTY_FILTER, ...changes }} onChange={onChange} />);
  const texts = () => screen.getAllByRole("listitem").map((item) => item.textContent);

  it("are hidden without a filter, also during a search", () => {
    show({ search: "leak" });
    expect(screen.queryByRole("list")).toBeNull();
  });

  it("show the active filters in words", () => {
    show({ statuses: ["IN_PROGRESS"], priorities: ["P0"], agents: ["mender"], stale: true });
    expect(texts()).toEqual([
      expect.stringMatching(/^StatusIn Progress/),
      expect.stringMatching(/^Agentmender/),
      expect.stringMatching(/^Priority.+\(P0\)/),
      expect.stringMatching(/^Stale7 days and more/),
      "Clear all",
    ]);
  });

  it("remove one filter and keep the others", async () => {
    show({ agents: ["mender", "scout"], stale: true });
    await userEvent.click(screen.getByRole("button", { name: "Remove filter Agent mender" }));
    expect(onChange).toHaveBeenLastCalledWith({ ...EMPTY_FILTER, agents: ["scout"], stale: true });
    await userEvent.click(screen.getByRole("button", { name: /^Remove filter Stale/ }));
    expect(onChange).toHaveBeenLastCalledWith({ ...EMPTY_FILTER, agents: ["mender", "scout"] });
  });

  it("offer to clear all only if there are several, and keep the search", async () => {
    show({ agents: ["mender"] });
    expect(screen.queryByRole("button", { name: "Clear all" })).toBeNull();
    cleanup();
    show({ agents: ["mender"], includeClosed: true, search: "leak" });
    await userEvent.click(screen.getByRole("button", { name: "Clear all" }));
    expect(onChange).toHaveBeenLastCalledWith({ ...EMPTY_FILTER, search: "leak" });
  });
});

describe("the filter picker", () => {
  beforeEach(() => {
    vi.mocked(readOptions).mockResolvedValue({ agents: [{ value: "mender", issues: 4 }] });
  });
  const show = async (changes: Partial<BoardFilter> = {}) => {
    renderOn(
      boardOf([issue(1, "READY")]),
      <FilterPicker
        filter={{ ...EMPTY_FILTER, ...changes }}
        onChange={onChange}
        onClose={() => undefined}
      />,
    );
    return screen.findByRole("option", { name: /mender/ });
  };
  const option = (name: RegExp) => screen.getByRole("option", { name });

  it("shows the counts of the server", async () => {
    expect((await show()).textContent).toMatch(/mender4$/);
  });

  it("adds a chosen filter, and removes it when it is chosen again", async () => {
    await userEvent.click(await show());
    expect(onChange).toHaveBeenLastCalledWith({ ...EMPTY_FILTER, agents: ["mender"] });
    cleanup();
    const chosen = await show({ agents: ["mender"] });
    expect(chosen.getAttribute("aria-selected")).toBe("true");
    await userEvent.click(chosen);
    expect(onChange).toHaveBeenLastCalledWith(EMPTY_FILTER);
  });

  it("sets the flags", async () => {
    await show();
    await userEvent.click(option(/^Without an update for 7 days/));
    expect(onChange).toHaveBeenLastCalledWith({ ...EMPTY_FILTER, stale: true });
    cleanup();
    await show({ includeClosed: true });
    await userEvent.click(option(/^All closed issues too/));
    expect(onChange).toHaveBeenLastCalledWith(EMPTY_FILTER);
  });

  it("still offers columns and flags without a response", () => {
    vi.mocked(readOptions).mockReturnValue(new Promise(() => undefined));
    void show();
    const list = within(screen.getByRole("listbox"));
    expect(list.getByRole("option", { name: /^In Review/ })).toBeTruthy();
    expect(list.getByRole("option", { name: /^Without an update/ })).toBeTruthy();
  });
});

describe("the search field", () => {
  const field = () => screen.getByRole<HTMLInputElement>("searchbox", { name: "Search issues" });
  const type = (value: string) => fireEvent.change(field(), { target: { value } });
  const wait = (milliseconds: number) => act(() => void vi.advanceTimersByTime(milliseconds));
  const show = (value: string) => <SearchField value={value} onChange={onChange} ref={null} />;

  beforeEach(() => vi.useFakeTimers());

  it("searches for the last text when typing pauses", () => {
    render(show(""));
    type("l");
    wait(150);
    type(" leak ");
    wait(199);
    expect(onChange).not.toHaveBeenCalled();
    wait(1);
    expect(onChange).toHaveBeenCalledExactlyOnceWith("leak");
  });

  it("does not search again for the same text", () => {
    render(show("leak"));
    type("leak ");
    wait(1_000);
    expect(onChange).not.toHaveBeenCalled();
  });

  it("clears the search when it is emptied", () => {
    render(show("leak"));
    type("");
    wait(200);
    expect(onChange).toHaveBeenCalledExactlyOnceWith("");
  });

  it("shows the search of a changed address", () => {
    const { rerender } = render(show("leak"));
    rerender(show("crash"));
    expect(field().value).toBe("crash");
    wait(1_000);
    expect(onChange).not.toHaveBeenCalled();
  });

  it("keeps the typed text while its own search is written to the address", () => {
    const { rerender } = render(show(""));
    type("le");
    wait(200);
    type("leak");
    rerender(show("le"));
    expect(field().value).toBe("leak");
  });

  it("returns the focus to the page on Escape", () => {
    render(show(""));
    field().focus();
    fireEvent.keyDown(field(), { key: "Escape" });
    expect(document.activeElement).toBe(document.body);
  });
});
