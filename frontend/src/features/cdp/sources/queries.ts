import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

export const sourcesQuery = queryOptions({
  queryKey: ["cdp/sources"],
  queryFn: async () =>
    (await whole((query) => body(api.GET("/api/v1/cdp/sources", { params: { query } })))).items,
});

export function useCreateSource() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => body(api.POST("/api/v1/cdp/sources", { body: { name, kind: "browser" } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["cdp/sources"] }),
  });
}

export function useRotateKey(sourceId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/cdp/sources/{source_id}/rotate-key", { params: { path: { source_id: sourceId } } }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["cdp/sources"] }),
  });
}
