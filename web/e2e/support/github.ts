/* eslint-disable no-empty-pattern -- the runner reads the names of what a fixture needs from there */
import { Service } from "./service.ts";
import { test as base } from "./test.ts";

/** A simulated GitHub in a separate process. */
export type GitHub = Service & { readonly repositories: readonly string[] };

/** A test with a simulated GitHub of 400 issues in 20 repositories. */
export const test = base.extend<object, { readonly github: GitHub }>({
  github: [
    async ({}, use) => {
      const github = await simulate(400);
      await use(github);
      await github.stop();
      github.forget();
    },
    { scope: "worker", timeout: 200_000 },
  ],
});

/** Starts a simulated GitHub with a number of open issues. */
export async function simulate(issues: number): Promise<GitHub> {
  const github = new Service(["simulate", "--issues", String(issues)]);
  await github.start();
  const [, names = ""] = /GITHUB_REPOSITORIES=(\S+)/.exec(github.said) ?? [];
  return Object.assign(github, { repositories: names.split(",") });
}

/** A service that uses the simulated GitHub like the real one, not started yet. An empty setting counts as not set. */
export const serve = (github: GitHub, settings: Readonly<Record<string, string>>): Service =>
  new Service(["serve"], {
    GITHUB_API_URL: github.url,
    GITHUB_TOKEN: "anything",
    GITHUB_REPOSITORIES: "",
    DATABASE_URL: "",
    DISPATCH_DATABASE_URL: "",
    ...settings,
  });
