import { signal } from "@/lib/signal.ts";
import type { Status } from "@/lib/statuses.ts";

/** What the person at the board is doing: the card that keys act on, the selection, the card that is dragged. */
export class Interaction {
  /** The card that keys act on. It stays the same while it moves, scrolls or leaves the screen. */
  readonly focused = signal<string | undefined>(undefined);
  /** Incremented whenever the focused card should take the browser's focus and come into view. */
  readonly focusRequests = signal(0);
  #taken = 0;
  /** The cards that are selected together. Never changed in place. */
  readonly selected = signal<ReadonlySet<string>>(new Set());
  /** The card that is dragged with the keyboard, and the column it is over. */
  readonly lifted = signal<{ readonly id: string; readonly over: Status } | undefined>(undefined);
  /** Whether a card is dragged with mouse or finger. */
  readonly dragging = signal(false);
  /** The prompt that is open. */
  readonly prompt = signal<Prompt | undefined>(undefined);

  /** Makes a card the one that keys act on, and brings it into view. */
  focus(id: string): void {
    this.focused.set(id);
    this.focusRequests.set(this.focusRequests.get() + 1);
  }

  /** Selects a card, or takes it out of the selection. */
  toggle(id: string): void {
    const next = new Set(this.selected.get());
    if (!next.delete(id)) next.add(id);
    this.selected.set(next);
  }

  /** Adds cards to the selection. */
  select(ids: readonly string[]): void {
    this.selected.set(new Set([...this.selected.get(), ...ids]));
  }

  clear(): void {
    if (this.selected.get().size > 0) this.selected.set(new Set());
  }

  /** What acting on a card acts on: the whole selection when the card belongs to it, else the card alone. */
  with(id: string): readonly string[] {
    const selected = this.selected.get();
    return selected.has(id) ? [...selected] : [id];
  }

  /** Whether a request of `focusRequests` was taken. */
  isFocusRequestTaken(request: number): boolean {
    return request === this.#taken;
  }

  /** Takes a request of `focusRequests`. Returns true to the column that takes it first, and only once. */
  takeFocusRequest(request: number): boolean {
    if (request === this.#taken) return false;
    this.#taken = request;
    return true;
  }
}

export type Prompt =
  /** Where should the cards go? */
  | { readonly kind: "move"; readonly ids: readonly string[] }
  /** Why are the cards blocked? They are already shown there. */
  | { readonly kind: "reason"; readonly ids: readonly string[] }
  /** Which agent, owner or priority should they have? */
  | { readonly kind: "agent" | "owner" | "priority"; readonly ids: readonly string[] };
