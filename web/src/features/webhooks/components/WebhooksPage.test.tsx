import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { ask, change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import { DeliveriesQuery, type Delivery } from "../api/deliveries.ts";
import { countsOf, delivery } from "../model/fixtures.ts";
import { WebhooksPage } from "./WebhooksPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: () => () => undefined }));

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-06-01T12:00:00.000Z"), toFake: ["Date"] });
  history.replaceState(null, "", "/webhooks");
  viewer.set(VISITOR);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.clearAllMocks();
  viewer.set(undefined);
});

const page = (nodes: readonly Delivery[], next: string | null = null) => ({
  data: {
    webhookDeliveries: { nodes, pageInfo: { hasNextPage: next !== null, endCursor: next } },
    webhookDeliveryCounts: countsOf(nodes),
    repositories: [
      { fullName: "acme/rocket", enabled: true },
      { fullName: "acme/former", enabled: false },
    ],
  },
});

async function show(...deliveries: readonly Delivery[]) {
  vi.mocked(ask).mockResolvedValue(page(deliveries));
  render(<WebhooksPage />);
  await screen.findByRole("group", { name: "Deliveries by state" });
}
const variables = () =>
  vi.mocked(ask).mock.calls.findLast(([document]) => document === DeliveriesQuery)?.[1];
const rows = () =>
  within(screen.getByRole("list", { name: "Deliveries" })).getAllByRole("listitem");
const row = () => within(rows()[0] ?? expect.fail("no delivery"));

describe("the list", () => {
  it("shows the time, event, repository and state of a delivery", async () => {
    await show(
      delivery({ state: "FAILED", reason: "GitHub API error: 502 Bad Gateway", attempts: 10 }),
    );
    const text = rows()[0]?.textContent;
    for (const part of ["2m", "Failed", "issues.labeled", "acme/rocket #7", "502", "10 attempts"]) {
      expect(text).toContain(part);
    }
  });

  it("shows when a failed attempt is repeated", async () => {
    await show(
      delivery({ state: "PENDING", attempts: 3, nextAttemptAt: "2026-06-01T12:05:00.000Z" }),
    );
    expect(rows()[0]?.textContent).toContain("3 attempts, next at ");
    expect(
      row()
        .getByText(/^next at /)
        .getAttribute("datetime"),
    ).toBe("2026-06-01T12:05:00.000Z");
  });

  it("shows a delivery without action or repository", async () => {
    await show(delivery({ event: "ping", action: null, repositoryFullName: null, number: null }));
    expect(row().getByText("ping")).toBeTruthy();
    expect(row().getByText("No repository")).toBeTruthy();
  });

  it("loads older deliveries on request, and reloads all pages", async () => {
    vi.mocked(ask).mockImplementation((_, variables) =>
      Promise.resolve(
        (variables as { after: string | null }).after === null
          ? page([delivery()], "w1")
          : page([delivery({ id: "whd_0", event: "label" })]),
      ),
    );
    render(<WebhooksPage />);
    await userEvent.click(await screen.findByRole("button", { name: "Show older deliveries" }));
    await waitFor(() => expect(rows()).toHaveLength(2));
    expect(screen.queryByRole("button", { name: "Show older deliveries" })).toBeNull();
    expect(vi.mocked(ask), "the first page, then both").toHaveBeenCalledTimes(3);
  });

  it("shows why loading failed", async () => {
    vi.mocked(ask).mockResolvedValue({ failure: { code: "OFFLINE", message: "Not there." } });
    render(<WebhooksPage />);
    expect((await screen.findByRole("alert")).textContent).toContain(
      "Webhooks could not be loadedNot there.",
    );
  });
});

describe("the filters", () => {
  it("are parsed from the address, and can be removed one by one", async () => {
    history.replaceState(null, "", "/webhooks?state=failed&event=issues&repo=acme/rocket");
    await show(delivery({ state: "FAILED" }));
    expect(variables()).toMatchObject({
      state: "FAILED",
      event: "issues",
      repository: "acme/rocket",
    });
    await userEvent.click(screen.getByRole("button", { name: "Remove filter State Failed" }));
    expect(location.search).toBe("?event=issues&repo=acme%2Frocket");
    expect(variables()).toMatchObject({ state: null });
  });

  it("are set with the counts of states, and with f", async () => {
    await show(delivery({ state: "FAILED" }), delivery({ id: "whd_2" }));
    const failed = screen.getByRole("button", { name: "Failed 1" });
    await userEvent.click(failed);
    expect(location.search).toBe("?state=failed");
    expect(screen.getByRole("button", { name: "Failed 1" }).getAttribute("aria-pressed")).toBe(
      "true",
    );
    await userEvent.keyboard("f");
    await userEvent.click(screen.getByRole("option", { name: "acme/rocket" }));
    expect(location.search).toBe("?state=failed&repo=acme%2Frocket");
    expect(screen.queryByRole("option", { name: "acme/former" })).toBeNull();
  });

  it("can be cleared if nothing matches", async () => {
    history.replaceState(null, "", "/webhooks?event=issues");
    await show();
    await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));
    expect(location.search).toBe("");
    expect(await screen.findByText("GitHub has not delivered anything yet")).toBeTruthy();
  });
});

describe("a replay", () => {
  it("is sent once, and reloads the list", async () => {
    await show(delivery({ state: "FAILED" }));
    vi.mocked(change).mockResolvedValue({ data: {} });
    const before = vi.mocked(ask).mock.calls.length;
    await userEvent.click(row().getByRole("button", { name: "Replay issues.labeled" }));
    expect(vi.mocked(change).mock.lastCall?.[1]).toEqual({ input: { deliveryId: "whd_1" } });
    expect(vi.mocked(ask).mock.calls.length).toBe(before + 1);
  });

  it("shows an error", async () => {
    await show(delivery());
    vi.mocked(change).mockResolvedValue({
      failure: { code: "CONFLICT", message: "The delivery is pending." },
    });
    await userEvent.click(row().getByRole("button", { name: /^Replay/ }));
    expect(row().getByRole("alert").textContent).toBe("Not replayed: The delivery is pending.");
  });

  it("is not offered for a pending delivery, or without the permission", async () => {
    await show(delivery({ state: "PENDING", nextAttemptAt: "2026-06-01T12:00:00.000Z" }));
    expect(row().queryByRole("button")).toBeNull();
    cleanup();
    viewer.set(READER);
    await show(delivery());
    expect(row().queryByRole("button")).toBeNull();
    expect(screen.getByRole("button", { name: "Sign in to replay deliveries." })).toBeTruthy();
  });
});

describe("the instructions", () => {
  it("are open before the first delivery, with the command and the values for GitHub", async () => {
    await show();
    const text = screen.getByText("Set up a webhook").closest("details")?.textContent ?? "";
    for (const part of [
      "dispatch webhook setup OWNER/REPO",
      `${location.origin}/api/webhooks/github`,
      "application/json",
      "WEBHOOK_SECRET",
      "workflow_run",
    ]) {
      expect(text).toContain(part);
    }
    expect(screen.getByText("Set up a webhook").closest("details")?.open).toBe(true);
  });

  it("are closed after the first delivery", async () => {
    await show(delivery());
    expect(screen.getByText("Set up a webhook").closest("details")?.open).toBe(false);
  });

  it("have a button that copies the command", async () => {
    await show();
    const written = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await userEvent.click(screen.getByRole("button", { name: /^Copy dispatch webhook/ }));
    expect(written).toHaveBeenCalledExactlyOnceWith("dispatch webhook setup OWNER/REPO");
  });
});
