export { watchSession } from "./api/session.ts";
export { signOutAndNotify, useSessionNotices } from "./components/notices.ts";
export { SignInDialog } from "./components/SignInDialog.tsx";
