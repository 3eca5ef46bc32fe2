import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { SourceKind } from "@/api/types";
import { whole } from "@/api/whole";

export const sourcesQuery = queryOptions({
  queryKey: ["cdp/sources"],
  queryFn: async () =>
    (await whole((query) => body(api.GET("/api/v1/cdp/sources", { params: { query } })))).items,
});

export function sourceQuery(sourceId: string) {
  return queryOptions({
    queryKey: ["cdp/sources", sourceId],
    queryFn: () =>
      body(api.GET("/api/v1/cdp/sources/{source_id}", { params: { path: { source_id: sourceId } } })),
  });
}

export function volumeQuery(sourceId: string, by: "hour" | "day") {
  return queryOptions({
    queryKey: ["cdp/sources", sourceId, "volume", by],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/sources/{source_id}/volume", {
          params: { path: { source_id: sourceId }, query: { by, buckets: by === "hour" ? 48 : 60 } },
        }),
      ),
    refetchInterval: 15_000,
  });
}

export interface SchemaSearch {
  readonly q: string;
  readonly drifting: boolean;
  readonly page: number;
}

export function schemaQuery(sourceId: string, { q, drifting, page }: SchemaSearch) {
  return queryOptions({
    queryKey: ["cdp/sources", sourceId, "schema", q, drifting, page],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/sources/{source_id}/schema", {
          params: {
            path: { source_id: sourceId },
            query: { q: q === "" ? null : q, drifting, page, limit: 50 },
          },
        }),
      ),
    refetchInterval: 15_000,
  });
}

export function useCreateSource() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (source: { name: string; kind: SourceKind }) =>
      body(api.POST("/api/v1/cdp/sources", { body: source })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["cdp/sources"] }),
  });
}

export function useChangeSource(sourceId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { name?: string; enabled?: boolean }) =>
      body(
        api.PATCH("/api/v1/cdp/sources/{source_id}", {
          params: { path: { source_id: sourceId } },
          body: change,
        }),
      ),
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
