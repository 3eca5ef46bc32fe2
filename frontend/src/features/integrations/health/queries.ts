import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

export const connectorsQuery = queryOptions({
  queryKey: ["integrations/health"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/integrations/health", { params: { query } }))),
  refetchInterval: 15_000,
});

/** Each of the last 30 days, the oldest first. */
export function connectorHistoryQuery(accountId: string) {
  return queryOptions({
    queryKey: ["integrations/health", accountId],
    queryFn: () =>
      body(
        api.GET("/api/v1/integrations/health/{account_id}/history", {
          params: { path: { account_id: accountId } },
        }),
      ),
    refetchInterval: 60_000,
  });
}
