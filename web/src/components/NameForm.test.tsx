import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Answer } from "@/lib/graphql/client.ts";
import { NameForm } from "./NameForm.tsx";

const send = vi.fn<(name: string) => Promise<Answer<unknown>>>();
const onSent = vi.fn();
const field = () => screen.getByRole<HTMLInputElement>("textbox", { name: "Repository" });

beforeEach(() => {
  send.mockReset();
  onSent.mockReset();
  render(
    <NameForm label="Repository" verb="Track" busyVerb="Adding…" send={send} onSent={onSent} />,
  );
});
afterEach(cleanup);

it("sends the name without surrounding spaces, and empties the field", async () => {
  send.mockResolvedValue({ data: {} });
  await userEvent.type(field(), "  acme/tools {Enter}");
  expect(send).toHaveBeenCalledExactlyOnceWith("acme/tools");
  expect(onSent).toHaveBeenCalledOnce();
  expect(field().value).toBe("");
});

it("does not send an empty name", async () => {
  await userEvent.type(field(), "   {Enter}");
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Track" }).disabled).toBe(true);
  expect(send).not.toHaveBeenCalled();
});

it("keeps a rejected name and shows the reason, until a name is accepted", async () => {
  send.mockResolvedValueOnce({ failure: { message: "No such repository", code: "NOT_FOUND" } });
  await userEvent.type(field(), "acme/tool{Enter}");
  expect(field().value).toBe("acme/tool");
  expect(onSent).not.toHaveBeenCalled();
  const alert = screen.getByRole("alert");
  expect(alert.textContent).toBe("No such repository");
  expect(field().getAttribute("aria-describedby")).toBe(alert.id);
  expect(field().getAttribute("aria-invalid")).toBe("true");

  send.mockResolvedValueOnce({ data: {} });
  await userEvent.type(field(), "s{Enter}");
  expect(send).toHaveBeenLastCalledWith("acme/tools");
  expect(screen.queryByRole("alert")).toBeNull();
  expect(field().getAttribute("aria-invalid")).toBe("false");
});

it("does not send twice", async () => {
  let respond: (answer: Answer<unknown>) => void = () => undefined;
  send.mockReturnValue(new Promise((resolve) => (respond = resolve)));
  await userEvent.type(field(), "acme/tools{Enter}{Enter}");
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Adding…" }).disabled).toBe(true);
  expect(send).toHaveBeenCalledOnce();
  respond({ data: {} });
  expect(await screen.findByRole("button", { name: "Track" })).toBeTruthy();
});
