import { listenToAutomation } from "@/lib/automation.ts";
import { listenToBoard, type Listen } from "@/lib/liveQuery.ts";

/** The events after which automation data may have changed: those of automation, and those of tracked repositories. */
export const LISTEN: readonly Listen[] = [listenToAutomation, listenToBoard];
