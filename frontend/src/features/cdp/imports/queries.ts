import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { ImportPlan } from "@/api/types";
import { isUnderWay } from "../transfer-status";

const KEY = "cdp/imports";

export function importsQuery() {
  return byCursor(
    [KEY, "list"],
    (cursor) => body(api.GET("/api/v1/cdp/imports", { params: { query: { cursor } } })),
    3_000,
  );
}

export function importQuery(importId: string) {
  return queryOptions({
    queryKey: [KEY, "one", importId],
    queryFn: () =>
      body(api.GET("/api/v1/cdp/imports/{import_id}", { params: { path: { import_id: importId } } })),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isUnderWay(state.data.status) ? 1_000 : 15_000,
  });
}

export function previewQuery(importId: string, plan: ImportPlan) {
  return queryOptions({
    queryKey: [KEY, "preview", importId, plan],
    queryFn: () =>
      body(
        api.POST("/api/v1/cdp/imports/{import_id}/preview", {
          params: { path: { import_id: importId } },
          body: plan,
        }),
      ),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
}

export interface Upload {
  readonly file: File;
  readonly kind: "people" | "events";
}

export function useUpload() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, kind }: Upload) =>
      body(
        api.POST("/api/v1/cdp/imports", {
          params: { query: { name: file.name.slice(0, 200), kind } },
          headers: { "Content-Type": "text/csv" },
          body: "",
          bodySerializer: () => file,
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY] }),
  });
}

export function useStart(importId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (plan: ImportPlan) =>
      body(
        api.POST("/api/v1/cdp/imports/{import_id}/start", {
          params: { path: { import_id: importId } },
          body: plan,
        }),
      ),
    onSuccess: (started) => {
      client.setQueryData(importQuery(importId).queryKey, started);
    },
  });
}

export function useCancel(importId: string) {
  const client = useQueryClient();
  return () =>
    body(
      api.POST("/api/v1/cdp/imports/{import_id}/cancel", { params: { path: { import_id: importId } } }),
    ).then(() => client.invalidateQueries({ queryKey: [KEY] }));
}

/** The rows that were not taken in, as a file. */
export async function rejectedRows(importId: string): Promise<Blob> {
  const rows: unknown = await body(
    api.GET("/api/v1/cdp/imports/{import_id}/rejected", {
      params: { path: { import_id: importId } },
      parseAs: "blob",
    }),
  );
  return rows instanceof Blob ? rows : new Blob();
}
