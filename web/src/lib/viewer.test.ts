import { expect, it } from "vitest";
import { READER, SIGNED_IN, VISITOR } from "./fixtures.ts";
import { isSignedIn, maySignIn, whyDenied } from "./viewer.ts";

it("offers what the viewer may do", () => {
  expect(whyDenied("move", VISITOR)).toBeUndefined();
  expect(whyDenied("release", SIGNED_IN)).toBeUndefined();
  expect(whyDenied("comment", SIGNED_IN)).toBeUndefined();
});

it("explains what signing in allows, if it is possible", () => {
  expect(whyDenied("release", VISITOR)).toBe("Sign in to release it.");
  expect(whyDenied("move", READER)).toBe("Sign in to move cards.");
  expect(whyDenied("lane", VISITOR)).toBe("Sign in to change lanes.");
});

it("names the setting if nobody can sign in", () => {
  expect(whyDenied("release", { ...VISITOR, canSignIn: false })).toBe(
    "Releasing needs a maintainer: set DISPATCH_MAINTAINER_TOKEN on the server, then sign in here.",
  );
});

it("offers nothing before the viewer is loaded", () => {
  expect(whyDenied("move")).toBe("Dispatch has not answered yet.");
  expect(isSignedIn(undefined)).toBe(false);
});

it("offers to sign in if that allows more", () => {
  expect(maySignIn(undefined)).toBe(false);
  expect(maySignIn(VISITOR)).toBe(true);
  expect(maySignIn(READER)).toBe(true);
  expect(maySignIn({ ...VISITOR, canSignIn: false })).toBe(false);
  expect(maySignIn({ ...VISITOR, canMaintain: true }), "the demo").toBe(false);
});

it("knows who can sign out", () => {
  expect(isSignedIn(VISITOR)).toBe(false);
  expect(isSignedIn(SIGNED_IN)).toBe(true);
  expect(isSignedIn({ ...SIGNED_IN, signedInUntil: null }), "signed in by the browser").toBe(false);
});
