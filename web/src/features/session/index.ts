export { watchSession } from "./api/session.ts";
export { signOutAndTell, useSessionNotices } from "./components/notices.ts";
export { SignInDialog } from "./components/SignInDialog.tsx";
