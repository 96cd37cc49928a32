import { ShieldAlert } from "lucide-react";
import type { RepositoryAutomation } from "../api/repository.ts";
import { permissionFor } from "../model/missing.ts";
import { Part } from "./Part.tsx";
import { plural } from "./SyncProblem.tsx";

/** The number of open alerts of secret scanning. Renders nothing if it is not known. */
export function SecretAlerts({
  automation,
  url,
}: {
  readonly automation: RepositoryAutomation;
  readonly url: string;
}) {
  const { openSecretAlertsCount: count } = automation;
  const permission = permissionFor(automation.missingPermissions, "SECRET_SCANNING");
  if (count === null && permission === undefined) return null;
  return (
    <Part title="Secret scanning" permission={permission}>
      {count !== null && (
        <p className={count > 0 ? "flex items-center gap-1.5 text-danger" : "text-ink-faint"}>
          {count > 0 && <ShieldAlert size={14} aria-hidden />}
          <a
            href={`${url}/security/secret-scanning`}
            target="_blank"
            rel="noreferrer noopener"
            className="rounded hover:underline"
          >
            {count === 0 ? "No open alert" : plural(count, "open alert")}
          </a>
        </p>
      )}
    </Part>
  );
}
