import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Banner } from "@/app/Banner.tsx";
import "@/app/styles.css";
import { Notices } from "@/components/Notices.tsx";
import { underBase } from "@/lib/basePath.ts";
import { watchService } from "@/lib/service.ts";
import { theme } from "@/lib/theme.ts";
import "./styles.css";

const WELCOME = `# The GraphQL API of Dispatch. The pages use nothing else than this.
#
#   Ctrl-Enter   run what stands under the cursor
#   Ctrl-Space   complete
#
# What changes on the board arrives as it happens:

subscription Board {
  boardEvents {
    __typename
    ... on IssueMoved {
      cursor
      from
      to
      actor
      issue { number title }
    }
  }
}

query Columns {
  board {
    asOf
    columns { title totalCount }
  }
}
`;

const address = new URL(underBase("/graphql"), location.href);
const fetcher = createGraphiQLFetcher({
  url: address.href,
  wsClient: createClient({ url: address.href.replace(/^http/, "ws") }),
});

const root = document.getElementById("graphiql");
if (!root) throw new Error("graphiql.html has a #graphiql.");
createRoot(root).render(<Playground />);

/** The GraphQL playground with the banners of the other pages. */
function Playground() {
  useEffect(watchService, []);
  return (
    <div className="flex h-dvh flex-col">
      <Banner />
      <main className="min-h-0 grow">
        <h1 className="sr-only">GraphQL playground</h1>
        <GraphiQL fetcher={fetcher} defaultQuery={WELCOME} defaultTheme={theme.get()} />
      </main>
      <Notices />
    </div>
  );
}
