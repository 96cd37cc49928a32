import { useSyncExternalStore } from "react";
import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { signal } from "./signal.ts";

export const ViewerFields = graphql(`
  fragment ViewerFields on Viewer {
    kind
    name
    canChangeBoard
    canMaintain
    canSignIn
    signedInUntil
  }
`);

/** The person who uses the page, with their permissions. */
export type Viewer = ResultOf<typeof ViewerFields>;

/**
 * Loaded together with the service (`refreshService`). Undefined until the first response; no action is offered until
 * then.
 */
export const viewer = signal<Viewer | undefined>(undefined);

/** Whether the person has signed in with a session, and can therefore sign out. */
export type SignedIn = Viewer & { readonly signedInUntil: string };

export const isSignedIn = (who: Viewer | undefined): who is SignedIn =>
  who !== undefined && who.signedInUntil !== null;

/** Whether signing in is possible and gives further permissions. A demo allows everything without. */
export const maySignIn = (who: Viewer | undefined): boolean =>
  who !== undefined && who.canSignIn && !(who.canChangeBoard && who.canMaintain);

/** The actions that need a permission, each with its name inside a sentence. */
const ACTIONS = {
  move: { needs: "canChangeBoard", to: "move cards", name: "Moving cards" },
  edit: { needs: "canChangeBoard", to: "change issues", name: "Changing issues" },
  lane: { needs: "canMaintain", to: "change lanes", name: "Changing lanes" },
  comment: { needs: "canChangeBoard", to: "comment", name: "Commenting" },
  retry: { needs: "canChangeBoard", to: "retry it", name: "Retrying" },
  instruct: {
    needs: "canChangeBoard",
    to: "write to the holder or have it stop",
    name: "Writing to the holder of an issue, or having it stop,",
  },
  pause: { needs: "canChangeBoard", to: "pause work", name: "Pausing work" },
  undo: { needs: "canChangeBoard", to: "undo moves", name: "Undoing moves" },
  saveView: { needs: "canChangeBoard", to: "save views", name: "Saving views" },
  sync: { needs: "canChangeBoard", to: "sync", name: "Syncing" },
  track: { needs: "canChangeBoard", to: "track repositories", name: "Tracking repositories" },
  serve: {
    needs: "canChangeBoard",
    to: "change what agents are served",
    name: "Changing what agents are served",
  },
  replay: {
    needs: "canChangeBoard",
    to: "replay deliveries",
    name: "Replaying deliveries",
  },
  control: {
    needs: "canChangeBoard",
    to: "run, cancel and start workflows",
    name: "Running workflows, or cancelling them,",
  },
  labels: {
    needs: "canChangeBoard",
    to: "change what labels mean",
    name: "Changing what labels mean",
  },
  release: { needs: "canMaintain", to: "release it", name: "Releasing" },
  repair: { needs: "canMaintain", to: "repair them", name: "Repairing" },
} as const satisfies Record<
  string,
  { needs: "canChangeBoard" | "canMaintain"; to: string; name: string }
>;

export type Action = keyof typeof ACTIONS;

/** Why the viewer may not use an action, and how to change that, as a sentence; undefined if they may. */
export function whyDenied(action: Action, who = viewer.get()): string | undefined {
  const { needs, to, name } = ACTIONS[action];
  if (!who) return "Dispatch has not answered yet.";
  if (who[needs]) return undefined;
  if (who.canSignIn) return `Sign in to ${to}.`;
  return `${name} needs a maintainer: set DISPATCH_MAINTAINER_TOKEN on the server, then sign in here.`;
}

/** `whyDenied` as a hook. */
export const useWhyDenied = (action: Action): string | undefined =>
  useSyncExternalStore(viewer.watch, () => whyDenied(action));

/** Whether an action is offered. False until the viewer is loaded. */
export const useMay = (action: Action): boolean => useWhyDenied(action) === undefined;

/** Whether the sign-in dialog is open. */
export const signingIn = signal(false);

export const openSignIn = (): void => signingIn.set(true);
