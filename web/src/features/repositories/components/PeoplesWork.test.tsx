import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { setServes, type Repository } from "../api/repositories.ts";
import { PeoplesWork } from "./PeoplesWork.tsx";

vi.mock("../api/repositories.ts", () => ({ setServes: vi.fn() }));

const repository = {
  fullName: "acme/tools",
  servesPeoplesWork: { inProgress: true, assigned: false, owned: false },
} as Repository;

const onChanged = vi.fn();
const control = (name: string) => screen.getByRole<HTMLInputElement>("switch", { name });

beforeEach(() => viewer.set(VISITOR));
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  onChanged.mockReset();
});

it("shows a change at once, and reverts it if it is rejected", async () => {
  let answer: (value: Awaited<ReturnType<typeof setServes>>) => void = () => undefined;
  vi.mocked(setServes).mockReturnValue(new Promise((resolve) => (answer = resolve)));
  const { container } = render(<PeoplesWork repository={repository} onChanged={onChanged} />);
  expect(container.querySelector("summary")?.textContent).toBe(
    "People's work served to agents: In Progress without an agent",
  );
  await userEvent.click(control("assigned on GitHub"));
  expect(setServes).toHaveBeenCalledWith("acme/tools", { assigned: true });
  expect(control("assigned on GitHub").checked).toBe(true);
  await act(async () => {
    answer({ failure: { code: "NOT_FOUND", message: "Not tracked" } });
    await Promise.resolve();
  });
  expect(control("assigned on GitHub").checked).toBe(false);
  expect(control("In Progress without an agent").checked).toBe(true);
  expect(screen.getByRole("alert").textContent).toBe("Not changed: Not tracked");
  expect(onChanged).not.toHaveBeenCalled();

  const changed = { ...repository, servesPeoplesWork: { ...repository.servesPeoplesWork } };
  vi.mocked(setServes).mockResolvedValue({ data: changed });
  await userEvent.click(control("labelled owner/…"));
  expect(onChanged).toHaveBeenCalledWith(changed);
  expect(screen.queryByRole("alert")).toBeNull();
});

it("is read-only without the permission", () => {
  viewer.set(READER);
  render(<PeoplesWork repository={repository} onChanged={onChanged} />);
  expect(control("In Progress without an agent").disabled).toBe(true);
  expect(
    screen.getByRole("button", { name: "Sign in to change what agents are served." }),
  ).toBeTruthy();
});
