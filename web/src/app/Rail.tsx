import { Command, FolderGit2, LogIn, LogOut, Moon, PanelLeft, Sun } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { IconButton } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { OwnerBadge } from "@/components/badges.tsx";
import { signOutAndNotify } from "@/features/session";
import { underBase } from "@/lib/basePath.ts";
import { openPalette } from "@/lib/commands.ts";
import { service } from "@/lib/service.ts";
import { useSignal } from "@/lib/signal.ts";
import { chooseTheme, theme } from "@/lib/theme.ts";
import { fullTime } from "@/lib/time.ts";
import { isSignedIn, maySignIn, openSignIn, viewer } from "@/lib/viewer.ts";
import { PAGES, type Page } from "./pages.ts";

const WIDE = "dispatch-rail";

/** The navigation: a rail at the left, or a bar at the bottom on a phone. */
export function Rail({ onRepositories }: { readonly onRepositories: () => void }) {
  const [wide, setWide] = useState(() => localStorage.getItem(WIDE) !== "narrow");
  const self = useSignal(service);
  const toggle = () => {
    setWide(!wide);
    localStorage.setItem(WIDE, wide ? "narrow" : "wide");
  };
  return (
    <nav
      aria-label="Pages"
      className={classes(
        "flex shrink-0 flex-col gap-0.5 border-r border-line bg-page p-2 max-sm:w-full max-sm:flex-row max-sm:justify-around max-sm:border-t max-sm:border-r-0 max-sm:py-1",
        wide ? "w-48" : "w-12",
      )}
    >
      <div className="mb-1 flex h-8 items-center gap-2 px-1.5 max-sm:hidden">
        <Link href="/" aria-label="Dispatch" className="flex items-center gap-2 rounded">
          <img src={underBase("/favicon.svg")} alt="" width="20" height="20" />
          {wide && <span className="text-body font-semibold">Dispatch</span>}
        </Link>
      </div>
      {PAGES.filter(({ rail }) => rail !== "none").map((page) => (
        <PageLink key={page.path} page={page} wide={wide} />
      ))}
      <div className="max-sm:hidden">
        <RailButton
          icon={<FolderGit2 size={16} aria-hidden />}
          label="Repositories"
          wide={wide}
          onClick={onRepositories}
        />
      </div>
      <RailButton
        icon={<Command size={16} aria-hidden />}
        label="Commands"
        wide={wide}
        onClick={openPalette}
      />
      <div className="grow max-sm:hidden" />
      <div className="max-sm:hidden">
        <Person wide={wide} />
      </div>
      <div className="max-sm:hidden">
        <ThemeButton wide={wide} />
      </div>
      <div className="max-sm:hidden">
        <RailButton
          icon={<PanelLeft size={16} aria-hidden />}
          label={wide ? "Collapse" : "Expand"}
          wide={wide}
          onClick={toggle}
        />
      </div>
      {self && wide && (
        <p className="tabular px-2 pt-1 text-meta text-ink-faint max-sm:hidden">v{self.version}</p>
      )}
    </nav>
  );
}

const ITEM =
  "text-board text-ink-soft hover:bg-line/60 hover:text-ink flex h-8 items-center gap-2.5 rounded px-2 transition-colors max-sm:h-11 max-sm:min-w-12 max-sm:flex-col max-sm:justify-center max-sm:gap-0.5 max-sm:px-1";

function PageLink({
  page: { path, title, icon: Icon, rail },
  wide,
}: {
  readonly page: Page;
  readonly wide: boolean;
}) {
  const [here] = useLocation();
  // The link of a page is also current on the pages below it.
  const current = here === path || here.startsWith(`${path}/`);
  return (
    <Link
      href={path}
      aria-current={current ? "page" : undefined}
      title={wide ? undefined : title}
      className={classes(
        ITEM,
        current && "bg-line/70 font-medium text-ink",
        rail === "desk" && "max-sm:hidden",
      )}
    >
      <Icon size={16} aria-hidden />
      <span className={wide ? "max-sm:text-[11px]" : "sr-only"}>{title}</span>
    </Link>
  );
}

type RailButtonProps = {
  readonly icon: ReactNode;
  readonly label: string;
  readonly wide: boolean;
  readonly onClick: () => void;
  /** The text beside the icon, if the label is too long for it. */
  readonly text?: string;
};

function RailButton({ icon, label, wide, onClick, text = label }: RailButtonProps) {
  return (
    <button
      type="button"
      onClick={onClick}
      aria-label={label}
      title={wide ? undefined : label}
      className={classes(ITEM, "w-full max-sm:w-auto")}
    >
      {icon}
      {wide && (
        <span className="max-sm:text-[11px]" aria-hidden>
          {text}
        </span>
      )}
    </button>
  );
}

/**
 * The signed-in person with a button to sign out, or a button to sign in if that is possible. On a phone both are in
 * the command palette only.
 */
function Person({ wide }: { readonly wide: boolean }) {
  const who = useSignal(viewer);
  const leave = () => void signOutAndNotify();
  if (isSignedIn(who)) {
    if (!wide) {
      return (
        <RailButton
          icon={<LogOut size={16} aria-hidden />}
          label={`Sign out ${who.name}`}
          wide={wide}
          onClick={leave}
        />
      );
    }
    return (
      <div className="flex h-8 items-center gap-2.5 pl-2">
        <span
          className="flex min-w-0 grow items-center gap-2.5"
          title={`Signed in as ${who.name} until ${fullTime(who.signedInUntil)}`}
        >
          <OwnerBadge name={who.name} role="Signed in as" />
          <span className="truncate text-board font-medium">{who.name}</span>
        </span>
        <IconButton label="Sign out" onClick={leave}>
          <LogOut size={14} aria-hidden />
        </IconButton>
      </div>
    );
  }
  if (!maySignIn(who)) return null;
  return (
    <RailButton
      icon={<LogIn size={16} aria-hidden />}
      label="Sign in"
      wide={wide}
      onClick={openSignIn}
    />
  );
}

function ThemeButton({ wide }: { readonly wide: boolean }) {
  const dark = useSignal(theme) === "dark";
  return (
    <RailButton
      icon={dark ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
      label={dark ? "Switch to light mode" : "Switch to dark mode"}
      text={dark ? "Light" : "Dark"}
      wide={wide}
      onClick={() => chooseTheme(dark ? "light" : "dark")}
    />
  );
}
