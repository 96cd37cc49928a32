type Issue = {
  readonly pullRequestUrl: string | null;
  readonly pullRequests: readonly { readonly url: string; readonly checkState: string | null }[];
};

/** How the checks of the pull request that an issue shows stand; null where it has none, or where that is not known. */
export const checkStateOf = ({ pullRequestUrl, pullRequests }: Issue): string | null =>
  pullRequests.find(({ url }) => url === pullRequestUrl)?.checkState ?? null;
