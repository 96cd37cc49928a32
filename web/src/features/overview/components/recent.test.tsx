import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import type { Overview } from "../api/overview.ts";
import { RecentActions } from "./recent.tsx";

afterEach(cleanup);

type Entry = Overview["auditLog"]["nodes"][number];

const entry = (id: string, actorKind: Entry["actorKind"]): Entry => ({
  id,
  actor: "sam",
  actorKind,
  action: "move_issue",
  repositoryFullName: "acme/rocket",
  issueNumber: 7,
  success: true,
  errorMessage: null,
  createdAt: "2026-06-01T12:00:00.000Z",
  issue: null,
});

it("distinguishes a person from a program with the same name", () => {
  render(<RecentActions entries={[entry("1", "AGENT"), entry("2", "OPERATOR")]} />);
  const [program, person] = screen.getAllByRole("listitem").map((line) => line.textContent);
  expect(program).toMatch(/^sam agent ?moved/);
  expect(person).toMatch(/^sam operator ?moved/);
});
