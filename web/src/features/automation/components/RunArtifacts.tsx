import { fullTime } from "@/lib/time.ts";
import type { RunDetails } from "../api/workflow.ts";
import { sizeWords } from "../model/sizes.ts";

/** The files that a run produced. */
export function RunArtifacts({ artifacts }: Pick<RunDetails, "artifacts">) {
  if (artifacts.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-meta font-medium text-ink-soft">Artifacts</h3>
      <ul className="flex flex-wrap gap-x-5 gap-y-1 text-meta">
        {artifacts.map(({ id, name, size, expiresAt, isExpired }) => (
          <li key={id} className={isExpired ? "text-ink-faint line-through" : undefined}>
            <span className="wrap-anywhere">{name}</span>{" "}
            <span className="tabular text-ink-faint">
              {sizeWords(size)}
              {isExpired ? ", expired" : expiresAt !== null && `, until ${fullTime(expiresAt)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
