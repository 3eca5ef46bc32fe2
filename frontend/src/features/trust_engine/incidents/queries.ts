import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

/** What is still wrong, whether or not somebody is on it. */
export const liveIncidentsQuery = queryOptions({
  queryKey: ["trust_engine/incidents", "live"],
  queryFn: () =>
    body(api.GET("/api/v1/trust/incidents", { params: { query: { status: ["open", "acknowledged"] } } })),
});

export function incidentsQuery(all: boolean) {
  return byCursor(["trust_engine/incidents", "list", all], (cursor) =>
    body(
      api.GET("/api/v1/trust/incidents", {
        params: { query: { cursor, status: all ? [] : ["open", "acknowledged"] } },
      }),
    ),
  );
}

export function incidentQuery(incidentId: string) {
  return queryOptions({
    queryKey: ["trust_engine/incidents", "one", incidentId],
    queryFn: () =>
      body(
        api.GET("/api/v1/trust/incidents/{incident_id}", { params: { path: { incident_id: incidentId } } }),
      ),
  });
}

export function useAcknowledge(incidentId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/trust/incidents/{incident_id}/acknowledge", {
          params: { path: { incident_id: incidentId } },
        }),
      ),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["trust_engine/incidents"] }),
        client.invalidateQueries({ queryKey: ["dashboard"] }),
      ]),
  });
}
