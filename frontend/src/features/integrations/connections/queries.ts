import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { Platform } from "@/api/types";
import { whole } from "@/api/whole";
import { adAccountsQuery } from "../ad_accounts/queries";

export const connectionsQuery = queryOptions({
  queryKey: ["integrations/connections"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/integrations/connections", { params: { query } }))),
});

/** The platforms that can be connected here; they change with the installation alone. */
export const platformsQuery = queryOptions({
  queryKey: ["integrations/connections/platforms"],
  queryFn: () => body(api.GET("/api/v1/integrations/connections/platforms")),
  staleTime: Infinity,
});

/** Asks for the platform's consent page and goes there; it sends the browser back to /connect. */
export function useAuthorize(platform: Platform["platform"]) {
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
        client.invalidateQueries({ queryKey: connectionsQuery.queryKey }),
        client.invalidateQueries({ queryKey: adAccountsQuery.queryKey }),
        client.invalidateQueries({ queryKey: ["dashboard"] }),
      ]),
  });
}
