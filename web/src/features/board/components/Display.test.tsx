import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { PLAIN } from "../model/layout.ts";
import { DisplayButton, DisplayPicker } from "./Display.tsx";

afterEach(cleanup);

describe("the button", () => {
  it("shows the current layout, also to screen readers", () => {
    const { rerender } = render(<DisplayButton layout={PLAIN} onOpen={() => undefined} />);
    expect(screen.getByRole("button").textContent).toBe("Display");
    rerender(<DisplayButton layout={{ group: "agent", sort: "rank" }} onOpen={() => undefined} />);
    expect(screen.getByRole("button").textContent).toBe("Display by agent, by queue rank");
  });
});

describe("the picker", () => {
  const onChange = vi.fn();
  const choose = async (name: string) => {
    render(
      <DisplayPicker
        layout={{ group: "agent", sort: "rank" }}
        onChange={onChange}
        onClose={() => undefined}
      />,
    );
    await userEvent.click(screen.getByRole("option", { name }));
  };

  it("changes the grouping and keeps the order", async () => {
    await choose("Priority");
    expect(onChange).toHaveBeenLastCalledWith({ group: "priority", sort: "rank" });
  });

  it("changes the order and keeps the grouping", async () => {
    await choose("Age");
    expect(onChange).toHaveBeenLastCalledWith({ group: "agent", sort: "age" });
  });

  it("marks the current layout", async () => {
    await choose("Age");
    const chosen = screen.getAllByRole("option", { selected: true });
    expect(chosen.map(({ textContent }) => textContent)).toEqual(["Agent", "Queue rank"]);
  });
});
