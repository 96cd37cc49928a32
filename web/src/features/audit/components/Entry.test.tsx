import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { auditEntry } from "@/lib/fixtures.ts";
import type { AuditEntry } from "../api/log.ts";
import { Entry } from "./Entry.tsx";

afterEach(cleanup);

const show = (changes: Partial<AuditEntry>) =>
  render(<Entry entry={auditEntry({ action: "request_stop", ...changes })} fresh={false} />)
    .container;

it("shows the details below the comment", () => {
  const container = show({ comment: "Stopped.", notes: "A new plan" });
  expect(container.textContent).toMatch(/asked the agent to stop.+Stopped\.A new plan/);
  expect(screen.getByText("A new plan").className).toContain("line-clamp-2");
});

it("does not repeat the comment as details", () => {
  expect(
    show({ comment: "A new plan", notes: "A new plan" }).textContent.split("A new plan"),
  ).toHaveLength(2);
});

it("shows the id of the trace, if there is one", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  expect(show({ traceId }).textContent).toContain(`Trace ${traceId}`);
  expect(show({ traceId: null }).textContent).not.toContain("Trace");
});

it("shows the kind of the caller beside its name", () => {
  expect(show({ actor: "Sam", actorKind: "AGENT" }).textContent).toContain("Sam agent");
});
