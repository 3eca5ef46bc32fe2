import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { Delivery } from "@/api/types";

interface DeliverySearch {
  status?: Delivery["status"] | undefined;
  account?: string | undefined;
}

export function deliveriesQuery({ status, account }: DeliverySearch) {
  return byCursor(
    ["integrations/conversions", status ?? null, account ?? null],
    (cursor) =>
      body(
        api.GET("/api/v1/integrations/conversions", {
          params: { query: { cursor, status: status ?? null, ad_account_id: account ?? null } },
        }),
      ),
    15_000,
  );
}

export function useReplayDelivery(deliveryId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/integrations/conversions/{delivery_id}/replay", {
          params: { path: { delivery_id: deliveryId } },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ["integrations/conversions"] }),
  });
}
