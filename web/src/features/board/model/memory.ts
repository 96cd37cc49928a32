import { STATUSES, type Status } from "@/lib/statuses.ts";

/** A move that was made and can be taken back. */
export type MoveMade = {
  readonly id: string;
  /** The number, for saying which it was. */
  readonly number: number;
  readonly from: Status;
  readonly to: Status;
  /** The line of the audit log that tells of it, by which the server takes it back. */
  readonly auditEntryId: string;
  /** When that line was written. An id alone may name another line, when the service began anew. */
  readonly auditedAt: string;
};

/** What was done with one movement of the hand. */
export type Movement = readonly MoveMade[];

const KEY = "dispatch-moves";
/** So many movements can be taken back, one after the other. */
const KEPT = 20;
/** A movement that is older is a fact, and not a slip. */
const FORGOTTEN_AFTER_MS = 8 * 60 * 60_000;

/**
 * The last movements of this browser's hands, the newest last, shared by its windows and kept over reloads. The server
 * knows a person without a token only as one of many, so what others did is never among them.
 */
export class Memory {
  readonly #storage: Pick<Storage, "getItem" | "setItem"> | undefined;
  /** What is remembered where nothing can be stored. */
  #here: readonly Movement[] = [];

  constructor(storage?: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
  }

  push(movement: Movement): void {
    if (movement.length > 0) this.#write([...this.#read(), movement].slice(-KEPT));
  }

  /** Takes the newest movement out. None when there is none, or it is too long ago. */
  pop(now: number): Movement | undefined {
    const movements = [...this.#read()];
    const last = movements.pop();
    if (!last) return undefined;
    const isFresh = last.some(({ auditedAt }) => now - Date.parse(auditedAt) < FORGOTTEN_AFTER_MS);
    this.#write(isFresh ? movements : []);
    return isFresh ? last : undefined;
  }

  forget(): void {
    this.#write([]);
  }

  #read(): readonly Movement[] {
    if (!this.#storage) return this.#here;
    try {
      const stored: unknown = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(stored) ? stored.filter(isMovement) : [];
    } catch {
      return this.#here;
    }
  }

  #write(movements: readonly Movement[]): void {
    this.#here = movements;
    try {
      this.#storage?.setItem(KEY, JSON.stringify(movements));
    } catch {
      // It is then remembered until the page is closed.
    }
  }
}

/** The browser's own storage; none where it is forbidden. */
export function browserStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

const isStatus = (value: unknown): boolean => STATUSES.some((status) => status === value);

/** Whether something that was stored, maybe by another version, is a movement. */
function isMovement(value: unknown): value is Movement {
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
