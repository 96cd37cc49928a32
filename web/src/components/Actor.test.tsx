import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { Actor } from "./Actor.tsx";

afterEach(cleanup);

it.each([
  ["Sam", "OPERATOR", "Sam operator"],
  ["Sam", "AGENT", "Sam agent"],
  ["user", "PERSON", "user person"],
  ["person", "WORKER", "person worker"],
] as const)("shows the name %s and the kind %s of a caller", (name, kind, words) => {
  const { container } = render(<Actor name={name} kind={kind} />);
  expect(container.textContent).toBe(words);
  expect(container.querySelector("[title]")?.getAttribute("title")).toBe(
    `${name} (${kind.toLowerCase()})`,
  );
});

it.each([
  ["github", "GITHUB"],
  ["system", "SYSTEM"],
] as const)("shows %s only once if the name and the kind are the same", (name, kind) => {
  expect(render(<Actor name={name} kind={kind} />).container.textContent.trim()).toBe(name);
});
