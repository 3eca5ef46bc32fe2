import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

interface CallSearch {
  show?: "all" | undefined;
  kind?: "writes" | "reads" | undefined;
  account?: string | undefined;
}

/** What was asked of the platforms; those that failed unless all are wanted. */
export function callsQuery({ show, kind, account }: CallSearch) {
  return byCursor(
    ["integrations/calls", show ?? null, kind ?? null, account ?? null],
    (cursor) =>
      body(
        api.GET("/api/v1/integrations/calls", {
          params: {
            query: {
              cursor,
              failed: show === "all" ? null : true,
              mutating: kind === undefined ? null : kind === "writes",
              ad_account_id: account ?? null,
            },
          },
        }),
      ),
    15_000,
  );
}
