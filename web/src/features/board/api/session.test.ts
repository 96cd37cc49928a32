import { beforeEach, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { BoardQuery, ColumnPageQuery } from "./documents.ts";
import { BoardSession } from "./session.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn() }));
vi.mock("@/lib/labelSchemes.ts", () => ({ refreshLabelSchemes: vi.fn() }));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: () => () => undefined }));

beforeEach(() => {
  vi.mocked(ask).mockReset();
  vi.mocked(ask).mockImplementation((document) =>
    Promise.resolve({
      data:
        (document as unknown) === BoardQuery
          ? { board: snapshot([issue(1, "READY")], { READY: 9 }) }
          : { board: { columns: [] } },
    } as never),
  );
});

it.each([
  [{}, 1_000],
  // A search takes its part of what a question may cost.
  [{ search: "leak" }, 500],
])(
  "a whole board under %j is read in the largest pages that the server allows",
  async (filter, first) => {
    const session = new BoardSession();
    session.wantAll(true);
    session.open(filter);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2), { timeout: 10_000 });
    expect(ask).toHaveBeenLastCalledWith(ColumnPageQuery, {
      filter: { ...filter, statuses: ["READY"] },
      first,
      after: "next",
    });
  },
);
