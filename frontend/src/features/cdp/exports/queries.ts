import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { ExportCreate } from "@/api/types";

const KEY = "cdp/exports";

export function exportsQuery() {
  return byCursor(
    [KEY, "list"],
    (cursor) => body(api.GET("/api/v1/cdp/exports", { params: { query: { cursor } } })),
    2_000,
  );
}

export function columnsQuery(what: ExportCreate["what"], raw: boolean) {
  return queryOptions({
    queryKey: [KEY, "columns", what, raw],
    queryFn: () => body(api.GET("/api/v1/cdp/exports/columns", { params: { query: { what, raw } } })),
  });
}

/** The segments that an export can be narrowed to: the first hundred by name. */
export const segmentsQuery = queryOptions({
  queryKey: ["cdp/segments", "names"],
  queryFn: () => body(api.GET("/api/v1/cdp/segments", { params: { query: { limit: 100 } } })),
});

export function useCreateExport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (asked: ExportCreate) => body(api.POST("/api/v1/cdp/exports", { body: asked })),
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY, "list"] }),
  });
}

export function useCancelExport(exportId: string) {
  const client = useQueryClient();
  return () =>
    body(
      api.POST("/api/v1/cdp/exports/{export_id}/cancel", { params: { path: { export_id: exportId } } }),
    ).then(() => client.invalidateQueries({ queryKey: [KEY, "list"] }));
}

export function useLink(exportId: string) {
  return useMutation({
    mutationFn: (minutes: number) =>
      body(
        api.POST("/api/v1/cdp/exports/{export_id}/link", {
          params: { path: { export_id: exportId } },
          body: { minutes },
        }),
      ),
  });
}
