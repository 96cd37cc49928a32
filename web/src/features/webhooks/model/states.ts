/** The states of a delivery with their descriptions, the most urgent first. */
export const STATES = {
  FAILED: { title: "Failed", meaning: "Every attempt to process it failed." },
  QUARANTINED: { title: "Quarantined", meaning: "The payload cannot be read." },
  PENDING: { title: "Pending", meaning: "Not processed yet, or to be repeated after a failure." },
  IGNORED: {
    title: "Ignored",
    meaning: "The repository is not tracked, or Dispatch does not use the event.",
  },
  PROCESSED: { title: "Processed", meaning: "Stored, or known already." },
} as const;

export type DeliveryState = keyof typeof STATES;

export const DELIVERY_STATES = Object.keys(STATES) as readonly DeliveryState[];

export const isState = (name: string): name is DeliveryState => Object.hasOwn(STATES, name);

type Count = { readonly state: DeliveryState; readonly event: string; readonly deliveries: number };

/** The number of deliveries in each state. */
export function byState(counts: readonly Count[]): Readonly<Record<DeliveryState, number>> {
  const sums = { FAILED: 0, QUARANTINED: 0, PENDING: 0, IGNORED: 0, PROCESSED: 0 };
  for (const { state, deliveries } of counts) sums[state] += deliveries;
  return sums;
}

/** The number of deliveries of each event, the most frequent first. */
export function byEvent(counts: readonly Count[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const { event, deliveries } of counts) sums.set(event, (sums.get(event) ?? 0) + deliveries);
  return [...sums].sort(([a, first], [b, second]) => second - first || a.localeCompare(b));
}
