import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";

/** One status for many campaigns: the gate answers for each, the platform follows. */
export function useChangeMany() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: { campaign_ids: string[]; status: "active" | "paused"; reason: string }) =>
      body(api.POST("/api/v1/autopilot/actions/bulk", { body: wish })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["autopilot/actions"] }),
        client.invalidateQueries({ queryKey: ["campaigns"] }),
      ]),
  });
}
