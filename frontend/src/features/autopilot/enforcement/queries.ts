import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { components } from "@/api/schema";

export const enforcementQuery = queryOptions({
  queryKey: ["autopilot/enforcement"],
  queryFn: () => body(api.GET("/api/v1/autopilot/enforcement")),
});

export function useEnforce() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (settings: components["schemas"]["EnforcementPut"]) =>
      body(api.PUT("/api/v1/autopilot/enforcement", { body: settings })),
    onSuccess: (saved) => {
      client.setQueryData(enforcementQuery.queryKey, saved);
    },
  });
}
