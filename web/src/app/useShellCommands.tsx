import { Activity, FolderGit2, Keyboard, LogIn, LogOut, Moon, Sun } from "lucide-react";
import { useRef } from "react";
import { useLocation } from "wouter";
import { signOutAndNotify } from "@/features/session";
import { useCommands, type Command } from "@/lib/commands.ts";
import { useKeys } from "@/lib/keys.ts";
import { chooseTheme, theme } from "@/lib/theme.ts";
import { isSignedIn, maySignIn, openSignIn, viewer } from "@/lib/viewer.ts";
import { PAGES } from "./pages.ts";

/** The time to press the key of a page after `g`. */
const CHORD_MS = 1_000;

/** The dialogs that are available on every page. */
export type Shell = {
  readonly repositories: () => void;
  readonly help: () => void;
};

/** The commands that are available on every page. Navigation also works with `g` and a letter. */
export function useShellCommands({ repositories, help }: Shell): void {
  const [, navigate] = useLocation();
  const going = useRef(-Infinity);

  // Registered before the keys of the pages, which may use the same letters.
  useKeys(
    (event) => {
      if (event.key === "g") {
        going.current = performance.now();
        return true;
      }
      if (event.key === "?") {
        help();
        return true;
      }
      const chord = performance.now() - going.current < CHORD_MS;
      going.current = -Infinity;
      const page = chord ? PAGES.find((candidate) => candidate.key === event.key) : undefined;
      if (page) navigate(page.path);
      return page !== undefined;
    },
    { first: true },
  );

  useCommands((): readonly Command[] => {
    const dark = theme.get() === "dark";
    return [
      ...PAGES.map(({ path, title, icon: Icon, key }) => ({
        key: `page:${path}`,
        group: "Go to",
        text: title,
        mark: <Icon size={14} aria-hidden />,
        hint: `g ${key}`,
        run: () => navigate(path),
      })),
      {
        key: "page:/automation/activity",
        group: "Go to",
        text: "Automation activity",
        mark: <Activity size={14} aria-hidden />,
        run: () => navigate("/automation/activity"),
      },
      {
        key: "repositories",
        group: "Dispatch",
        text: "Repositories",
        mark: <FolderGit2 size={14} aria-hidden />,
        run: repositories,
      },
      ...sessionCommands(),
      {
        key: "theme",
        group: "Dispatch",
        text: dark ? "Switch to light mode" : "Switch to dark mode",
        mark: dark ? <Sun size={14} aria-hidden /> : <Moon size={14} aria-hidden />,
        run: () => chooseTheme(dark ? "light" : "dark"),
      },
      {
        key: "keys",
        group: "Dispatch",
        text: "Show all keys",
        mark: <Keyboard size={14} aria-hidden />,
        hint: "?",
        run: help,
      },
    ];
  });
}

/** The command to sign in or to sign out, if either is possible. */
function sessionCommands(): readonly Command[] {
  const who = viewer.get();
  if (isSignedIn(who)) {
    return [
      {
        key: "sign-out",
        group: "Dispatch",
        text: `Sign out ${who.name}`,
        mark: <LogOut size={14} aria-hidden />,
        run: () => void signOutAndNotify(),
      },
    ];
  }
  if (!maySignIn(who)) return [];
  return [
    {
      key: "sign-in",
      group: "Dispatch",
      text: "Sign in",
      mark: <LogIn size={14} aria-hidden />,
      run: openSignIn,
    },
  ];
}
