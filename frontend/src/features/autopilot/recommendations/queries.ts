import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

export type Shown = "open" | "all";

export const recommendationsQuery = (shown: Shown) =>
  byCursor(["autopilot/recommendations", shown], (cursor) =>
    body(
      api.GET("/api/v1/autopilot/recommendations", {
        params: { query: { cursor, ...(shown === "open" ? { state: ["open" as const] } : {}) } },
      }),
    ),
  );

function useStale() {
  const client = useQueryClient();
  return () =>
    Promise.all(
      ["autopilot/recommendations", "autopilot/actions", "dashboard"].map((feature) =>
        client.invalidateQueries({ queryKey: [feature] }),
      ),
    );
}

/** A yes to the amounts of `version` alone. */
export function useAccept(id: string, version: string) {
  const stale = useStale();
  return useMutation({
    mutationFn: (reason: string) =>
      body(
        api.POST("/api/v1/autopilot/recommendations/{recommendation_id}/accept", {
          params: { path: { recommendation_id: id } },
          body: { version, reason },
        }),
      ),
    onSuccess: stale,
  });
}

export function useDismissRecommendation(id: string) {
  const stale = useStale();
  return useMutation({
    mutationFn: (reason: string) =>
      body(
        api.POST("/api/v1/autopilot/recommendations/{recommendation_id}/dismiss", {
          params: { path: { recommendation_id: id } },
          body: { reason },
        }),
      ),
    onSuccess: stale,
  });
}
