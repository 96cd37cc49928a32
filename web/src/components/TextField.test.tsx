import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { createRef } from "react";
import { afterEach, expect, it, vi } from "vitest";
import { TextField } from "./TextField.tsx";

afterEach(cleanup);

const described = (field: HTMLElement) =>
  document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent;

it("is found by its label, and passes the typed text on", async () => {
  const onChange = vi.fn<(text: string) => void>();
  const ref = createRef<HTMLInputElement>();
  render(<TextField label="Why" ref={ref} onChange={({ target }) => onChange(target.value)} />);
  const field = screen.getByLabelText("Why");
  await userEvent.type(field, "ab");
  expect(onChange.mock.calls).toEqual([["a"], ["ab"]]);
  expect(ref.current).toBe(field);
});

it("is described by its hint, if there is one", () => {
  const { rerender } = render(<TextField label="Why" hint="The agent reads it" />);
  const field = screen.getByLabelText("Why");
  expect(described(field)).toBe("The agent reads it");
  expect(field.getAttribute("aria-invalid")).toBe("false");
  expect(screen.queryByRole("alert")).toBeNull();
  rerender(<TextField label="Why" />);
  expect(field.getAttribute("aria-describedby")).toBeNull();
});

it("shows its problem instead of the hint", () => {
  render(<TextField label="Why" hint="The agent reads it" problem="Too long" />);
  const field = screen.getByLabelText("Why");
  expect(screen.getByRole("alert").textContent).toBe("Too long");
  expect(described(field)).toBe("Too long");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(screen.queryByText("The agent reads it")).toBeNull();
});

it("does not share ids with another field", () => {
  render(
    <>
      <TextField label="Name" hint="Yours" />
      <TextField label="Token" problem="Unknown" />
    </>,
  );
  expect(described(screen.getByLabelText("Name"))).toBe("Yours");
  expect(described(screen.getByLabelText("Token"))).toBe("Unknown");
});
