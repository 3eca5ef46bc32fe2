import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const decisionsQuery = infiniteQueryOptions({
  queryKey: ["trust_engine/gate", "decisions"],
  queryFn: ({ pageParam }) =>
    body(
      api.GET("/api/v1/trust/gate/decisions", {
        params: { query: pageParam === null ? {} : { cursor: pageParam } },
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

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
