import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { auditEntry } from "@/lib/fixtures.ts";
import { AuditHistory } from "./history.tsx";

afterEach(cleanup);

it("shows the details of an entry", () => {
  render(
    <AuditHistory
      entries={[
        auditEntry({ id: "1", action: "classify_lane", notes: "From default to backlog" }),
        auditEntry({ id: "2", action: "send_message", notes: "Use the old API" }),
        auditEntry({ id: "3", action: "add_comment", comment: "Done.", notes: "Done." }),
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

it("distinguishes a person from a program with the same name", () => {
  render(
    <AuditHistory
      entries={[
        auditEntry({ id: "1", actor: "sam", actorKind: "AGENT" }),
        auditEntry({ id: "2", actor: "sam", actorKind: "OPERATOR" }),
      ]}
    />,
  );
  const [program, person] = screen.getAllByRole("listitem").map((line) => line.textContent);
  expect(program).toMatch(/^sam agent ?moved/);
  expect(person).toMatch(/^sam operator ?moved/);
});
