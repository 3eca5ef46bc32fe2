import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { components } from "@/api/schema";

export const connectionsQuery = queryOptions({
  queryKey: ["integrations/connections"],
  queryFn: () => body(api.GET("/api/v1/integrations/connections")),
});

export const adAccountsQuery = queryOptions({
  queryKey: ["integrations/ad_accounts"],
  queryFn: () => body(api.GET("/api/v1/integrations/ad-accounts")),
});

/** Asks for the platform's consent page and goes there; it sends the browser back to /connect. */
export function useAuthorize(platform: "meta") {
  return useMutation({
    mutationFn: (readOnly: boolean) =>
      body(
        api.POST("/api/v1/integrations/connections/{platform}/authorize", {
          params: { path: { platform } },
          body: { read_only: readOnly },
        }),
      ),
    onSuccess: ({ authorize_url }) => {
      window.location.assign(authorize_url);
    },
  });
}

export function useDisconnect(connectionId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      body(
        api.DELETE("/api/v1/integrations/connections/{connection_id}", {
          params: { path: { connection_id: connectionId } },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["integrations/connections"] }),
        client.invalidateQueries({ queryKey: ["integrations/ad_accounts"] }),
        client.invalidateQueries({ queryKey: ["dashboard"] }),
      ]),
  });
}

export function useSync() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (accountId: string) =>
      body(
        api.POST("/api/v1/integrations/ad-accounts/{account_id}/sync", {
          params: { path: { account_id: accountId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["integrations/ad_accounts"] }),
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
    onSuccess: () => client.invalidateQueries({ queryKey: ["integrations/ad_accounts"] }),
  });
}
