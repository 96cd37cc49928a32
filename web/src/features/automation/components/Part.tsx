import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { Panel } from "@/components/Panel.tsx";

/** A part of a repository's automation data. If it cannot be read, it is dimmed and names the missing permission. */
export function Part({
  title,
  count,
  permission,
  action,
  children,
}: {
  readonly title: string;
  readonly count?: number;
  readonly permission: string | undefined;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) {
  const isMissing = permission !== undefined;
  return (
    <Panel
      title={title}
      {...(count !== undefined && !isMissing && { count })}
      {...(action !== undefined && !isMissing && { action })}
      {...(isMissing && { className: "border-dashed bg-transparent" })}
    >
      {isMissing ? (
        <p className="flex gap-1.5 text-ink-faint">
          <Lock size={13} className="mt-0.5 shrink-0" aria-hidden />
          <span>
            The token may not read this. It needs{" "}
            <span className="text-ink-soft">{permission}</span>.
          </span>
        </p>
      ) : (
        children
      )}
    </Panel>
  );
}
