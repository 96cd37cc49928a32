import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { signIn } from "../api/session.ts";
import { SignInDialog } from "./SignInDialog.tsx";

vi.mock("../api/session.ts", () => ({ signIn: vi.fn() }));

const onClose = vi.fn();
const name = () => screen.getByRole<HTMLInputElement>("textbox", { name: "Name" });
const token = () => screen.getByLabelText<HTMLInputElement>("Token");
const send = () => userEvent.click(screen.getByRole("button", { name: "Sign in" }));

beforeEach(() => {
  localStorage.clear();
  vi.mocked(signIn).mockReset();
  onClose.mockReset();
});
afterEach(cleanup);

it("remembers the name, but not the token", async () => {
  vi.mocked(signIn).mockResolvedValue(undefined);
  render(<SignInDialog onClose={onClose} />);
  expect(name().hasAttribute("data-first"), "where the dialog begins").toBe(true);
  await userEvent.type(name(), " Sam ");
  await userEvent.type(token(), "a-secret-of-the-server");
  await send();
  expect(signIn).toHaveBeenCalledWith("Sam", "a-secret-of-the-server");
  expect(onClose).toHaveBeenCalledOnce();
  cleanup();

  render(<SignInDialog onClose={onClose} />);
  expect(name().value).toBe("Sam");
  expect(token().value).toBe("");
  expect(token().hasAttribute("data-first")).toBe(true);
  expect(JSON.stringify(Object.entries(localStorage))).not.toContain("secret");
});

it("shows an error at its field, and focuses it", async () => {
  vi.mocked(signIn).mockResolvedValue({ field: "token", message: "The token is wrong." });
  render(<SignInDialog onClose={onClose} />);
  await send();
  expect(screen.getByRole("alert").textContent).toBe("Enter your name.");
  expect(document.activeElement).toBe(name());
  expect(signIn).not.toHaveBeenCalled();

  await userEvent.type(name(), "Sam");
  await userEvent.type(token(), "wrong");
  await send();
  await waitFor(() => expect(screen.getByRole("alert").textContent).toBe("The token is wrong."));
  expect(token().getAttribute("aria-invalid")).toBe("true");
  expect(name().getAttribute("aria-invalid")).toBe("false");
  expect(document.activeElement).toBe(token());
  expect(onClose).not.toHaveBeenCalled();
  expect(localStorage).toHaveLength(0);
});

it("never puts the token into an attribute", async () => {
  vi.mocked(signIn).mockReturnValue(new Promise(() => undefined));
  const { baseElement } = render(<SignInDialog onClose={onClose} />);
  await userEvent.type(name(), "Sam");
  await userEvent.type(token(), "a-secret-of-the-server");
  await send();
  expect(screen.getByRole("button", { name: "Signing in…" })).toHaveProperty("disabled", true);
  expect(baseElement.innerHTML).not.toContain("secret");
});
