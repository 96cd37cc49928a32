import { signal } from "@/lib/signal.ts";
import type { Status } from "@/lib/statuses.ts";

/** The state of the interaction with a board: the focused card, the selection, the dragged card and the open prompt. */
export class Interaction {
  /** The card that keys act on. It stays the same while it moves or is scrolled out of view. */
  readonly focused = signal<string | undefined>(undefined);
  /** Incremented to request that the focused card gets the browser's focus and is scrolled into view. */
  readonly focusRequests = signal(0);
  #taken = 0;
  /** The selected cards. The set is replaced, never mutated. */
  readonly selected = signal<ReadonlySet<string>>(new Set());
  /** The card that is dragged with the keyboard, and its target column. */
  readonly lifted = signal<{ readonly id: string; readonly over: Status } | undefined>(undefined);
  /** Whether a card is dragged with the mouse or by touch. */
  readonly dragging = signal(false);
  /** The open prompt. */
  readonly prompt = signal<Prompt | undefined>(undefined);

  /** Focuses a card and requests that it is scrolled into view. */
  focus(id: string): void {
    this.focused.set(id);
    this.focusRequests.set(this.focusRequests.get() + 1);
  }

  /** Adds a card to the selection, or removes it. */
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

  /**
   * The cards that an action on a card applies to: the selection if the card is part of it, otherwise the card alone.
   */
  with(id: string): readonly string[] {
    const selected = this.selected.get();
    return selected.has(id) ? [...selected] : [id];
  }

  /** Whether a request of `focusRequests` has been handled. */
  isFocusRequestTaken(request: number): boolean {
    return request === this.#taken;
  }

  /** Marks a request of `focusRequests` as handled. Returns true only to the first caller. */
  takeFocusRequest(request: number): boolean {
    if (request === this.#taken) return false;
    this.#taken = request;
    return true;
  }
}

export type Prompt =
  /** Asks for the target column. */
  | { readonly kind: "move"; readonly ids: readonly string[] }
  /** Asks why the cards are blocked. They are already shown in Blocked. */
  | { readonly kind: "reason"; readonly ids: readonly string[] }
  /** Asks for the agent, owner or priority. */
  | { readonly kind: "agent" | "owner" | "priority"; readonly ids: readonly string[] };
