import { BASE_PATH, underBase } from "@/lib/basePath.ts";
import { renewConnection } from "@/lib/graphql/live.ts";
import { refreshService } from "@/lib/service.ts";
import { isSignedIn, viewer } from "@/lib/viewer.ts";
import { failureOf, UNREACHABLE, type SignInFailure } from "../model/failure.ts";
import { untilEnd } from "../model/expiry.ts";

const PATH = underBase("/api/session");

/** Notifies the other windows of this browser about a sign-in or sign-out: they share the cookie. */
const windows = new BroadcastChannel(`dispatch-session${BASE_PATH}`);

/**
 * Signs a person in. The response's cookie is the session, which scripts cannot read; the token is
 * sent once and not stored. Returns why the sign-in failed, undefined on success.
 */
export async function signIn(name: string, token: string): Promise<SignInFailure | undefined> {
  const response = await request("POST", { name, token });
  if (!response) return UNREACHABLE;
  if (!response.ok) return failureOf(response);
  const answered = await changed();
  if (answered && !isSignedIn(viewer.get())) {
    return { field: undefined, message: "This browser did not keep the session. Allow cookies." };
  }
  return undefined;
}

/** Signs the person out. Returns why that failed, undefined on success. */
export async function signOut(): Promise<string | undefined> {
  const response = await request("DELETE");
  if (!response) return UNREACHABLE.message;
  if (!response.ok) return (await failureOf(response)).message;
  await changed();
  return undefined;
}

/** Keeps the viewer up to date with other windows and the end of the session. Returns the function that stops it. */
export function watchSession(): () => void {
  const onOther = () => void renew();
  windows.addEventListener("message", onOther);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const schedule = () => {
    clearTimeout(timer);
    const wait = untilEnd(viewer.get()?.signedInUntil ?? null, Date.now());
    if (wait !== undefined) timer = setTimeout(() => void refreshService(), wait);
  };
  const unwatch = viewer.watch(schedule);
  schedule();
  return () => {
    windows.removeEventListener("message", onOther);
    unwatch();
    clearTimeout(timer);
  };
}

/** Sends a request, with a body as JSON. Undefined if there is no response. */
async function request(method: "POST" | "DELETE", body?: object): Promise<Response | undefined> {
  try {
    return await fetch(PATH, {
      method,
      headers: { accept: "application/json", "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch {
    return undefined;
  }
}

/** Reloads what depends on the session, here and in the other windows. Resolves to whether the server responded. */
function changed(): Promise<boolean> {
  windows.postMessage("changed");
  return renew();
}

function renew(): Promise<boolean> {
  renewConnection();
  return refreshService();
}
