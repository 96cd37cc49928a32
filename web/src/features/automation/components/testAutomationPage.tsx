import { act, render, screen, within } from "@testing-library/react";
import { expect, vi } from "vitest";
import type { RedBranch } from "@/lib/automation.ts";
import { ask } from "@/lib/graphql/client.ts";
import { operationNameOf } from "@/lib/graphql/document.ts";
import { AutomationQuery, type Summary } from "../api/automation.ts";
import { cardWorkflowsDocument, type CardWorkflow } from "../api/cardWorkflows.ts";
import { AutomationPage } from "./AutomationPage.tsx";
import { answer, type Answered } from "./testPage.tsx";

/** Renders the page of all repositories, and waits until it is loaded. `ask` must be mocked. */
export async function show(
  repositories: readonly Summary[],
  redBranches: readonly RedBranch[] = [],
  ...others: readonly Answered[]
) {
  answer(listed(repositories, redBranches), ...others);
  render(<AutomationPage />);
  await screen.findAllByRole("heading", { level: 2 });
}

/** The response with all repositories. */
export const listed = (
  trackedRepositories: readonly Summary[],
  redBranches: readonly RedBranch[] = [],
): Answered => [AutomationQuery, { trackedRepositories, redBranches }];

/**
 * The responses with the workflows of cards, by the id of the repository, of up to three in one request. They are held
 * back until `after`.
 */
export const withWorkflows = (
  known: Readonly<Record<string, readonly CardWorkflow[]>>,
  after = Promise.resolve(),
): readonly Answered[] =>
  [1, 2, 3].map((count) => [
    cardWorkflowsDocument(count),
    async (variables: Record<string, string>) => {
      await after;
      const repository = (id: string) => ({ id, automation: { workflows: known[id] ?? [] } });
      return Object.fromEntries(
        Object.entries(variables).map(([name, id]) => [name, repository(id)]),
      );
    },
  ]);

/** A promise, and the function that fulfils it. */
export function gate(): readonly [opened: Promise<void>, open: () => void] {
  const waiting: (() => void)[] = [];
  const opened = new Promise<void>((fulfil) => waiting.push(fulfil));
  return [opened, () => waiting.forEach((fulfil) => fulfil())];
}

/** The ids of the repositories whose workflows were requested, by request. */
export const requestedWorkflows = (): readonly (readonly string[])[] =>
  vi
    .mocked(ask)
    .mock.calls.filter(([document]) => operationNameOf(document) === "CardWorkflows")
    .map(([, variables]) => Object.values(variables as Record<string, string>));

export const cards = () =>
  within(screen.getByRole("list", { name: "Repositories" })).getAllByRole("heading", { level: 2 });

const elementOf = (name: string) =>
  cards()
    .find(({ textContent }) => textContent === name)
    ?.closest("li") ?? expect.fail(`no card of ${name}`);

export const card = (name = "acme/rocket") => within(elementOf(name));

/** Observers of what is visible. The test environment has no layout, so tests say which cards are on the screen. */
export class Screen {
  static #all = new Set<Screen>();
  static #isEverything = false;
  readonly #callback: IntersectionObserverCallback;
  #target: Element | undefined;

  constructor(callback: IntersectionObserverCallback) {
    this.#callback = callback;
    Screen.#all.add(this);
  }

  /** Replaces the browser's observers. Nothing is visible at first, or everything. */
  static install(isEverything: boolean): void {
    Screen.#all.clear();
    Screen.#isEverything = isEverything;
    vi.stubGlobal("IntersectionObserver", Screen);
  }

  /** Brings a card onto the screen, or takes it off. */
  static scroll(name: string, isIntersecting: boolean): void {
    const element = elementOf(name);
    act(() => {
      for (const each of Screen.#all) if (each.#target === element) each.#report(isIntersecting);
    });
  }

  observe(target: Element): void {
    this.#target = target;
    if (Screen.#isEverything) this.#report(true);
  }

  disconnect(): void {
    Screen.#all.delete(this);
  }

  #report(isIntersecting: boolean): void {
    const entry = { target: this.#target, isIntersecting } as unknown as IntersectionObserverEntry;
    this.#callback([entry], this as unknown as IntersectionObserver);
  }
}
