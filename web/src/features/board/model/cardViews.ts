import type { Failure } from "@/lib/graphql/failure.ts";
import type { Status } from "@/lib/statuses.ts";
import type { Viewer } from "@/lib/viewer.ts";
import type { BoardIssue } from "../api/documents.ts";

/** A card as it is rendered. */
export type CardView = {
  readonly issue: BoardIssue;
  /** The column in which it is shown, the overlay included. */
  readonly status: Status;
  readonly pending: PendingMove | undefined;
  readonly refusal: Refusal | undefined;
  readonly arrival: Arrival | undefined;
};

/** A column as it is rendered. */
export type ColumnView = {
  readonly status: Status;
  readonly ids: readonly string[];
  /** The count of the whole column, not only of the loaded issues. */
  readonly totalCount: number;
  readonly hasMore: boolean;
};

/** A move that is not confirmed by an event yet. */
export type PendingMove = {
  readonly to: Status;
  /** The event that will confirm it; set once the server has answered. */
  readonly cursor?: string;
};

/** A rejected action. */
export type Refusal = {
  /** The action, as the beginning of a sentence, such as `Not moved to Ready`. */
  readonly attempt: string;
  /** The target column of a rejected move; absent for other actions. */
  readonly to?: Status;
  readonly failure: Failure;
};

/** A recent move by somebody else. */
export type Arrival = {
  readonly actor: string;
  readonly actorKind: Viewer["kind"];
  readonly from: Status;
  /** Milliseconds of the browser's clock. */
  readonly at: number;
};
