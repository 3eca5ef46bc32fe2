import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { Verdict } from "@/api/types";

export function decisionsQuery(result: Verdict | undefined, accountId: string | undefined) {
  return byCursor(["trust_engine/gate", "decisions", result ?? null, accountId ?? null], (cursor) =>
    body(
      api.GET("/api/v1/trust/gate/decisions", {
        params: { query: { cursor, result: result ?? null, ad_account_id: accountId ?? null } },
      }),
    ),
  );
}

export function decisionQuery(decisionId: string) {
  return queryOptions({
    queryKey: ["trust_engine/gate", "decision", decisionId],
    queryFn: () =>
      body(
        api.GET("/api/v1/trust/gate/decisions/{decision_id}", {
          params: { path: { decision_id: decisionId } },
        }),
      ),
    // A decision stands in an append-only ledger: what was read once is true for ever.
    staleTime: Infinity,
  });
}
