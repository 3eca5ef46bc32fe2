import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { components } from "@/api/schema";
import { whole } from "@/api/whole";

export const adAccountsQuery = queryOptions({
  queryKey: ["integrations/ad_accounts"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/integrations/ad-accounts", { params: { query } }))),
});

export function useSync() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (accountId: string) =>
      body(
        api.POST("/api/v1/integrations/ad-accounts/{account_id}/sync", {
          params: { path: { account_id: accountId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: adAccountsQuery.queryKey }),
  });
}

export function useChangeAccount(accountId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: components["schemas"]["AdAccountPatch"]) =>
      body(
        api.PATCH("/api/v1/integrations/ad-accounts/{account_id}", {
          params: { path: { account_id: accountId } },
          body: change,
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: adAccountsQuery.queryKey }),
  });
}
