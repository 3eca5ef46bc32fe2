import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const healthQuery = queryOptions({
  queryKey: ["trust_engine/health"],
  queryFn: () => body(api.GET("/api/v1/trust/health")),
  refetchInterval: 60_000,
});

export function historyQuery(adAccountId: string | null) {
  return queryOptions({
    queryKey: ["trust_engine/health", "history", adAccountId],
    queryFn: () =>
      body(
        api.GET("/api/v1/trust/health/history", {
          params: { query: adAccountId === null ? {} : { ad_account_id: adAccountId } },
        }),
      ),
  });
}

export function useEvaluate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => body(api.POST("/api/v1/trust/health/evaluate")),
    onSuccess: () => client.invalidateQueries({ queryKey: ["trust_engine/health"] }),
  });
}
