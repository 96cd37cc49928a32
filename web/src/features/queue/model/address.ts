/** The parameters in the address of the queue. An empty lane means all claimable lanes. */
export type Address = {
  readonly agent: string;
  readonly lane: string;
  /** Whether the decisions of all agents are shown instead of only this agent's. */
  readonly everyone: boolean;
};

/** Parses an address. An agent or lane may be given by its name or by its label. */
export function addressOfSearch(search: string): Address {
  const params = new URLSearchParams(search);
  return {
    agent: (params.get("agent")?.trim() ?? "").replace(/^agent\//, ""),
    lane: params.get("lane")?.trim() ?? "",
    everyone: params.get("decisions") === "all",
  };
}

export function searchOfAddress({ agent, lane, everyone }: Address): string {
  const params = new URLSearchParams();
  if (agent !== "") params.set("agent", agent);
  if (lane !== "") params.set("lane", lane);
  if (everyone) params.set("decisions", "all");
  return params.toString();
}
