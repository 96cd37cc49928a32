import { Component, type ReactNode } from "react";
import { ErrorState } from "./states.tsx";

type Props = { readonly children: ReactNode };
type State = { readonly message: string | undefined };

/** Catches the error of a page that cannot be rendered, or whose code did not load, so that the other pages stay reachable. */
export class ErrorBoundary extends Component<Props, State> {
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
