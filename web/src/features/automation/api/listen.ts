import { listenToAutomation } from "@/lib/automation.ts";
import { listenToBoard, type Listen } from "@/lib/liveQuery.ts";

/** What the automation of a repository changes with: what happens in it, and what is tracked. */
export const LISTEN: readonly Listen[] = [listenToAutomation, listenToBoard];
