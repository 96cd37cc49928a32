import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import type { AuditLine } from "../api/panel.ts";
import { AuditHistory } from "./history.tsx";

afterEach(cleanup);

const entry = (id: string, changes: Partial<AuditLine>): AuditLine => ({
  id,
  actor: "ana",
  actorKind: "PERSON",
  action: "move_issue",
  success: true,
  errorMessage: null,
  beforeLabels: [],
  afterLabels: [],
  comment: null,
  commentUrl: null,
  notes: null,
  createdAt: "2026-06-01T12:00:00.000Z",
  ...changes,
});

it("tells the particulars of what was done", () => {
  render(
    <AuditHistory
      entries={[
        entry("1", { action: "classify_lane", notes: "From default to backlog" }),
        entry("2", { action: "send_message", notes: "Use the old API" }),
        entry("3", { action: "add_comment", comment: "Done.", notes: "Done." }),
      ]}
    />,
  );
  const [lane, message, comment] = screen.getAllByRole("listitem").map((line) => line.textContent);
  expect(lane).toContain("changed the lane");
  expect(lane).toContain("From default to backlog");
  expect(message).toContain("wrote to the agent");
  expect(message).toContain("Use the old API");
  expect(comment?.split("Done."), "once").toHaveLength(2);
});

it("tells a person from a program that goes by the same name", () => {
  render(
    <AuditHistory
      entries={[
        entry("1", { actor: "sam", actorKind: "AGENT" }),
        entry("2", { actor: "sam", actorKind: "OPERATOR" }),
      ]}
    />,
  );
  const [program, person] = screen.getAllByRole("listitem").map((line) => line.textContent);
  expect(program).toMatch(/^sam agent ?moved/);
  expect(person).toMatch(/^sam operator ?moved/);
});
