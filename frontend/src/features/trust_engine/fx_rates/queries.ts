import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { FxRateCreate } from "@/api/types";

const KEY = "trust_engine/fx_rates";

/** The latest date first. */
export const ratesQuery = byCursor([KEY], (cursor) =>
  body(api.GET("/api/v1/trust/fx-rates", { params: { query: { cursor } } })),
);

export function useRecord() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (rate: FxRateCreate) => body(api.POST("/api/v1/trust/fx-rates", { body: rate })),
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY] }),
  });
}
