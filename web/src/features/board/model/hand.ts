import { signal } from "@/lib/signal.ts";
import type { Status } from "@/lib/statuses.ts";

/** What the person at the board has in hand: the card that keys act on, and the card that is being carried. */
export class Hand {
  /** The card that keys act on. It stays the same while it moves, scrolls or leaves the screen. */
  readonly focused = signal<string | undefined>(undefined);
  /** Raised whenever the focused card should take the browser's focus and come into view. */
  readonly focusCalls = signal(0);
  #answered = 0;
  /** The cards that are selected together. Never changed in place. */
  readonly selected = signal<ReadonlySet<string>>(new Set());
  /** The card that is carried with the keyboard, and the column it is held over. */
  readonly lifted = signal<{ readonly id: string; readonly over: Status } | undefined>(undefined);
  /** Whether a card is carried with mouse or finger. */
  readonly dragging = signal(false);
  /** The prompt that is open. */
  readonly prompt = signal<Prompt | undefined>(undefined);

  /** Makes a card the one that keys act on, and brings it into view. */
  focus(id: string): void {
    this.focused.set(id);
    this.focusCalls.set(this.focusCalls.get() + 1);
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

  /** Whether a call of `focusCalls` was taken. */
  isAnswered(call: number): boolean {
    return call === this.#answered;
  }

  /** Takes a call of `focusCalls`. True for the column that takes it first, and only once. */
  answer(call: number): boolean {
    if (call === this.#answered) return false;
    this.#answered = call;
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
