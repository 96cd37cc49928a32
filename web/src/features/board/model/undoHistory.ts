import { STATUSES, type Status } from "@/lib/statuses.ts";

/** A move that can be undone. */
export type MoveMade = {
  readonly id: string;
  /** The number, for messages. */
  readonly number: number;
  readonly from: Status;
  readonly to: Status;
  /** The audit entry of the move. The server undoes the move by this id. */
  readonly auditEntryId: string;
  /** When that entry was written, because after a reset of the database another entry may have its id. */
  readonly auditedAt: string;
};

/** The moves of one action. They are undone together. */
export type UndoStep = readonly MoveMade[];

const KEY = "dispatch-moves";
/** The number of steps that are kept. */
const MAX_STEPS = 20;
/** Older steps are dropped. */
const MAX_AGE_MS = 8 * 60 * 60_000;

/**
 * The last steps of this browser, the newest last, shared by its windows and kept over reloads. It is not kept on the
 * server, which cannot distinguish people without a token.
 */
export class UndoHistory {
  readonly #storage: Pick<Storage, "getItem" | "setItem"> | undefined;
  /** The steps, if the browser cannot store them. */
  #here: readonly UndoStep[] = [];

  constructor(storage?: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
  }

  push(step: UndoStep): void {
    if (step.length > 0) this.#write([...this.#read(), step].slice(-MAX_STEPS));
  }

  /** Removes and returns the newest step; undefined if there is none or it is too old. */
  pop(now: number): UndoStep | undefined {
    const steps = [...this.#read()];
    const last = steps.pop();
    if (!last) return undefined;
    const isFresh = last.some(({ auditedAt }) => now - Date.parse(auditedAt) < MAX_AGE_MS);
    this.#write(isFresh ? steps : []);
    return isFresh ? last : undefined;
  }

  clear(): void {
    this.#write([]);
  }

  #read(): readonly UndoStep[] {
    if (!this.#storage) return this.#here;
    try {
      const stored: unknown = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(stored) ? stored.filter(isUndoStep) : [];
    } catch {
      return this.#here;
    }
  }

  #write(steps: readonly UndoStep[]): void {
    this.#here = steps;
    try {
      this.#storage?.setItem(KEY, JSON.stringify(steps));
    } catch {
      // The steps are then kept until the page is closed.
    }
  }
}

/** The storage of the browser; undefined if access to it is forbidden. */
export function browserStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

const isStatus = (value: unknown): boolean => STATUSES.some((status) => status === value);

/** Whether a stored value, which another version may have written, is a step. */
function isUndoStep(value: unknown): value is UndoStep {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (move: Partial<Record<keyof MoveMade, unknown>> | null) =>
        typeof move?.id === "string" &&
        typeof move.number === "number" &&
        isStatus(move.from) &&
        isStatus(move.to) &&
        typeof move.auditEntryId === "string" &&
        typeof move.auditedAt === "string",
    )
  );
}
