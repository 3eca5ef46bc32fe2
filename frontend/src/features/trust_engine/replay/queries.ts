import { queryOptions, useMutation } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { Policy } from "@/api/types";

export interface Asked {
  readonly document: Policy["document"];
  readonly days: number;
}

const DAY_MS = 86_400_000;

/** What the policy in force with these changes would have decided of the last days' decisions. */
export function useCounterfactual() {
  return useMutation({
    mutationFn: ({ document, days, now }: Asked & { now: number }) =>
      body(
        api.POST("/api/v1/trust/replay/counterfactual", {
          body: { document, since: new Date(now - days * DAY_MS).toISOString(), newest: 5_000 },
        }),
      ),
  });
}

export function useReplay(decisionId: string) {
  return useMutation({
    mutationFn: (draft: Policy["document"] | null) =>
      body(
        api.POST("/api/v1/trust/replay/decisions/{decision_id}", {
          params: { path: { decision_id: decisionId } },
          body: { document: draft },
        }),
      ),
  });
}

export const calibrationQuery = queryOptions({
  queryKey: ["trust_engine/replay", "calibration"],
  queryFn: () => body(api.GET("/api/v1/trust/replay/calibration")),
  staleTime: 60_000,
});
