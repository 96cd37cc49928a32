import { afterEach, expect, it, vi } from "vitest";
import { OWN_LABELS, DISPATCH_LABELS } from "./fixtures.ts";
import { ask } from "./graphql/client.ts";
import {
  labelSchemes,
  namesOf,
  otherLabels,
  refreshLabelSchemes,
  renamedIn,
} from "./labelSchemes.ts";

vi.mock("./graphql/client.ts", () => ({ ask: vi.fn() }));

afterEach(() => labelSchemes.set(new Map()));

const answer = (repositories: readonly object[]) =>
  vi.mocked(ask).mockResolvedValue({ data: { repositories } });

const labels = [
  "ready-for-agent",
  "Status/Ready",
  "status/blocked",
  "p1",
  "priority/p1",
  "Bot:alpha",
  "agent/beta",
  "owner/sam",
  "bug",
];
const others = (fullName: string) => otherLabels({ labels, repository: { fullName } });

it("lists the labels that differ from Dispatch's own", () => {
  expect(namesOf(DISPATCH_LABELS).map(({ own }) => own)).toEqual([
    "status/backlog",
    "status/ready",
    "status/in-progress",
    "status/in-review",
    "status/blocked",
    "status/done",
    "priority/p0",
    "priority/p1",
    "priority/p2",
    "priority/p3",
    "agent/",
  ]);
  expect(renamedIn(DISPATCH_LABELS)).toEqual([]);
  expect(renamedIn({ ...DISPATCH_LABELS, agentPrefix: "Agent/" })).toEqual([]);
  expect(renamedIn(OWN_LABELS)).toEqual([
    { own: "status/ready", name: "Ready-for-agent" },
    { own: "priority/p1", name: "P1" },
    { own: "agent/", name: "bot:" },
  ]);
});

it("leaves out status, priority and agents, by the scheme of the repository", async () => {
  answer([
    { fullName: "acme/tools", labelScheme: OWN_LABELS },
    { fullName: "acme/rocket", labelScheme: DISPATCH_LABELS },
  ]);
  expect(others("acme/tools")).toEqual(["ready-for-agent", "p1", "Bot:alpha", "bug"]);
  await refreshLabelSchemes();
  // A label in Dispatch's own style has no meaning there.
  expect(others("acme/tools")).toEqual(["Status/Ready", "priority/p1", "agent/beta", "bug"]);
  expect(others("acme/rocket")).toEqual(["ready-for-agent", "p1", "Bot:alpha", "bug"]);
  answer([]);
  await refreshLabelSchemes();
  expect(others("acme/tools")).toEqual(["ready-for-agent", "p1", "Bot:alpha", "bug"]);
});

it("keeps the schemes if a request fails", async () => {
  answer([{ fullName: "acme/tools", labelScheme: OWN_LABELS }]);
  await refreshLabelSchemes();
  const known = labelSchemes.get();
  vi.mocked(ask).mockResolvedValue({ failure: { code: "OFFLINE", message: "Away" } });
  await refreshLabelSchemes();
  expect(labelSchemes.get()).toBe(known);
});
