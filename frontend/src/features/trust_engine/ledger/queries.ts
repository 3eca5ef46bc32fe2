import { queryOptions, useMutation } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const ledgerHeadQuery = queryOptions({
  queryKey: ["trust_engine/gate", "ledger_head"],
  queryFn: () => body(api.GET("/api/v1/trust/ledger/head")),
});

export function useVerifyLedger() {
  return useMutation({ mutationFn: () => body(api.POST("/api/v1/trust/ledger/verify")) });
}
