import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const openIncidentsQuery = queryOptions({
  queryKey: ["trust_engine/incidents", "open"],
  queryFn: () => body(api.GET("/api/v1/trust/incidents", { params: { query: { status: "open" } } })),
});

export function useAcknowledge() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (incidentId: string) =>
      body(
        api.POST("/api/v1/trust/incidents/{incident_id}/acknowledge", {
          params: { path: { incident_id: incidentId } },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["trust_engine/incidents"] }),
        client.invalidateQueries({ queryKey: ["dashboard"] }),
      ]),
  });
}
