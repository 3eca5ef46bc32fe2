import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const killSwitchQuery = queryOptions({
  queryKey: ["autopilot/kill_switch"],
  queryFn: () => body(api.GET("/api/v1/autopilot/kill-switch")),
  refetchInterval: 30_000,
});

export function useKillSwitch() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { engaged: boolean; reason: string }) =>
      body(api.POST("/api/v1/autopilot/kill-switch", { body: change })),
    onSuccess: (state) => {
      client.setQueryData(killSwitchQuery.queryKey, state);
      return client.invalidateQueries({ queryKey: ["autopilot/actions"] });
    },
  });
}
