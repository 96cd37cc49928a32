import { Component, type ReactNode } from "react";
import { ErrorState } from "./states.tsx";

type Props = { readonly children: ReactNode };
type State = { readonly message: string | undefined };

/** Keeps a page that cannot be drawn, or whose program did not come, from taking the way to the others with it. */
export class Mishap extends Component<Props, State> {
  override state: State = { message: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { message } = this.state;
    if (message === undefined) return this.props.children;
    return (
      <main className="grow">
        <ErrorState
          title="This page could not be shown"
          message={message}
          onRetry={() => location.reload()}
        />
      </main>
    );
  }
}
