import { Copy } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "@/components/Button.tsx";
import { notify } from "@/components/Notices.tsx";
import { BASE_PATH } from "@/lib/basePath.ts";
import { EVENTS, payloadUrl } from "../model/setup.ts";

/** The instructions to set up a webhook, with the command or on GitHub. */
export function Setup() {
  const address = payloadUrl(location.origin, BASE_PATH);
  return (
    <div className="flex max-w-2xl flex-col gap-3 text-left text-board text-ink-soft">
      <p>
        With a webhook GitHub reports changes at once; without one Dispatch reads them with the next
        sync. Set <code>WEBHOOK_SECRET</code> to a long random text and <code>DISPATCH_URL</code> to
        the address under which GitHub reaches Dispatch, restart it, and run
      </p>
      <Command text="dispatch webhook setup OWNER/REPO" />
      <p>
        If <code>GITHUB_TOKEN</code> may not create webhooks, enter this on GitHub, in the settings
        of the repository or of its organization:
      </p>
      <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-2 max-sm:grid-cols-1 max-sm:gap-y-0.5">
        <Value name="Payload URL">
          <Command text={address} />
        </Value>
        <Value name="Content type">
          <code>application/json</code>
        </Value>
        <Value name="Secret">
          the value of <code>WEBHOOK_SECRET</code>; without it every delivery is rejected with 503
        </Value>
        <Value name="Events">
          <span className="wrap-anywhere">{EVENTS.join(", ")}</span>
        </Value>
      </dl>
      <p className="text-meta text-ink-faint">
        This is the address in your browser. If GitHub cannot reach it, use the address of{" "}
        <code>DISPATCH_URL</code>.
      </p>
    </div>
  );
}

function Value({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

/** A text with a button that copies it. */
function Command({ text }: { readonly text: string }) {
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => notify("Copied."),
      () => notify("The browser did not allow to copy.", "danger"),
    );
  return (
    <span className="flex items-center gap-1 rounded border border-line bg-column py-0.5 pr-0.5 pl-2.5">
      <code className="grow wrap-anywhere text-ink">{text}</code>
      <IconButton label={`Copy ${text}`} onClick={() => void copy()}>
        <Copy size={13} aria-hidden />
      </IconButton>
    </span>
  );
}
