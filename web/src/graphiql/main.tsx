import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";
import "./styles.css";

const WELCOME = `# Dispatch, at your service. The pages use nothing else than this.
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

const address = new URL("/graphql", location.href);
const fetcher = createGraphiQLFetcher({
  url: address.href,
  wsClient: createClient({ url: address.href.replace(/^http/, "ws") }),
});

const root = document.getElementById("graphiql");
if (!root) throw new Error("graphiql.html has a #graphiql.");
createRoot(root).render(<GraphiQL fetcher={fetcher} defaultQuery={WELCOME} />);
