import type { Viewer } from "./viewer.ts";

// Viewers for tests.

/** A person who has not signed in, in mode `open`. */
export const VISITOR: Viewer = {
  kind: "PERSON",
  name: "user",
  canChangeBoard: true,
  canMaintain: false,
  canSignIn: true,
  signedInUntil: null,
};

/** The same in mode `read-only`. */
export const READER: Viewer = { ...VISITOR, canChangeBoard: false };

export const SIGNED_IN: Viewer = {
  kind: "OPERATOR",
  name: "Sam",
  canChangeBoard: true,
  canMaintain: true,
  canSignIn: false,
  signedInUntil: "2026-06-08T12:00:00.000Z",
};
