import { useEffect } from "react";
import { notify } from "@/components/Notices.tsx";
import { isSignedIn, viewer } from "@/lib/viewer.ts";
import { signOut } from "../api/session.ts";

/** Signs the person out, and shows why if that fails. */
export async function signOutAndNotify(): Promise<void> {
  const problem = await signOut();
  if (problem !== undefined) notify(problem, "danger");
}

/** Shows a notice after a sign-in, a sign-out or the end of a session, also in another window. */
export function useSessionNotices(): void {
  useEffect(() => {
    let before = viewer.get();
    return viewer.watch(() => {
      const now = viewer.get();
      if (before && isSignedIn(now) && !isSignedIn(before)) notify(`Signed in as ${now.name}.`);
      if (isSignedIn(before) && !isSignedIn(now)) notify("You are signed out.");
      before = now;
    });
  }, []);
}
