import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { components } from "@/api/schema";
import type { Shop, ShopProvider } from "@/api/types";
import { whole } from "@/api/whole";

const PLACE = "/api/v1/integrations/shops/{shop_id}";

export const shopsQuery = queryOptions({
  queryKey: ["integrations/shops"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/integrations/shops", { params: { query } }))),
  refetchInterval: 15_000,
});

/** Where shops can be that are connected here; they change with the installation alone. */
export const shopProvidersQuery = queryOptions({
  queryKey: ["integrations/shops/providers"],
  queryFn: () => body(api.GET("/api/v1/integrations/shops/providers")),
  staleTime: Infinity,
});

/** The newest synchronisations. */
export function shopSyncsQuery(shopId: string) {
  return queryOptions({
    queryKey: ["integrations/shops", shopId, "syncs"],
    queryFn: () =>
      body(api.GET(`${PLACE}/syncs`, { params: { path: { shop_id: shopId }, query: { limit: 5 } } })),
    refetchInterval: 15_000,
  });
}

/** Asks for the shop's consent page and goes there; it sends the browser back to /connect. */
export function useAuthorizeShop(provider: ShopProvider["provider"]) {
  return useMutation({
    mutationFn: (domain: string) =>
      body(
        api.POST("/api/v1/integrations/shops/{provider}/authorize", {
          params: { path: { provider } },
          body: { domain },
        }),
      ),
    onSuccess: ({ authorize_url }) => {
      window.location.assign(authorize_url);
    },
  });
}

function useRefresh() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: shopsQuery.queryKey });
}

export function useChangeShop(shop: Shop) {
  return useMutation({
    mutationFn: (change: components["schemas"]["ShopPatch"]) =>
      body(api.PATCH(PLACE, { params: { path: { shop_id: shop.id } }, body: change })),
    onSuccess: useRefresh(),
  });
}

export function useSyncShop(shop: Shop) {
  return useMutation({
    mutationFn: () => body(api.POST(`${PLACE}/sync`, { params: { path: { shop_id: shop.id } } })),
    onSuccess: useRefresh(),
  });
}

export function useDisconnectShop(shop: Shop) {
  return useMutation({
    mutationFn: () => body(api.DELETE(PLACE, { params: { path: { shop_id: shop.id } } })),
    onSuccess: useRefresh(),
  });
}
