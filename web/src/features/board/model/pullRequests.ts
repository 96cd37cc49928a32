type Issue = {
  readonly pullRequestUrl: string | null;
  readonly pullRequests: readonly { readonly url: string; readonly checkState: string | null }[];
};

/** The state of the checks of an issue's pull request; null without one, or if the state is not known. */
export const checkStateOf = ({ pullRequestUrl, pullRequests }: Issue): string | null =>
  pullRequests.find(({ url }) => url === pullRequestUrl)?.checkState ?? null;
