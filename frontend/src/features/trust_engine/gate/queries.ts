import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { RiskClass, Verdict } from "@/api/types";

export interface Wanted {
  readonly result: Verdict | undefined;
  readonly accountId: string | undefined;
  readonly risk: RiskClass | undefined;
  /** From this moment on, and before the other one. */
  readonly since: string | undefined;
  readonly until: string | undefined;
}

export function decisionsQuery({ result, accountId, risk, since, until }: Wanted) {
  return byCursor(
    [
      "trust_engine/gate",
      "decisions",
      result ?? null,
      accountId ?? null,
      risk ?? null,
      since ?? null,
      until ?? null,
    ],
    (cursor) =>
      body(
        api.GET("/api/v1/trust/gate/decisions", {
          params: {
            query: {
              cursor,
              result: result ?? null,
              ad_account_id: accountId ?? null,
              risk_class: risk ?? null,
              since: since ?? null,
              until: until ?? null,
            },
          },
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
