import type { Deliveries, Delivery } from "../api/deliveries.ts";

// Values for tests.

/** A delivery of an issue event that was processed at once. */
export const delivery = (changes: Partial<Delivery> = {}): Delivery => ({
  id: "whd_1",
  deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  event: "issues",
  action: "labeled",
  repositoryFullName: "acme/rocket",
  number: 7,
  state: "PROCESSED",
  reason: null,
  attempts: 1,
  receivedAt: "2026-06-01T11:58:00.000Z",
  nextAttemptAt: null,
  settledAt: "2026-06-01T11:58:01.000Z",
  ...changes,
});

/** The counts of a list of deliveries. */
export const countsOf = (deliveries: readonly Delivery[]): Deliveries["counts"] =>
  deliveries.map(({ state, event }) => ({ state, event, deliveries: 1 }));
