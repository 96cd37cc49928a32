import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { READER, SIGNED_IN, VISITOR } from "@/lib/fixtures.ts";
import { signingIn, viewer } from "@/lib/viewer.ts";
import { NotOffered } from "./NotOffered.tsx";

afterEach(() => {
  cleanup();
  viewer.set(undefined);
  signingIn.set(false);
});

it("shows nothing before the viewer is loaded, or if the action is offered", () => {
  const { container } = render(<NotOffered action="release" />);
  expect(container.textContent).toBe("");
  act(() => viewer.set(VISITOR));
  expect(container.textContent).toBe("Sign in to release it.");
  act(() => viewer.set(SIGNED_IN));
  expect(container.textContent).toBe("");
});

it("links to the sign-in if that helps", () => {
  viewer.set(READER);
  render(<NotOffered action="comment" />);
  screen.getByRole("button", { name: "Sign in to comment." }).click();
  expect(signingIn.get()).toBe(true);
});

it("names the setting if nobody can sign in", () => {
  viewer.set({ ...READER, canSignIn: false });
  const { container } = render(<NotOffered action="comment" />);
  expect(container.textContent).toContain("set DISPATCH_MAINTAINER_TOKEN on the server");
  expect(screen.queryByRole("button")).toBeNull();
});
