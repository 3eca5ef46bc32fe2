import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { ExportCreate } from "@/api/types";
import { whole } from "@/api/whole";

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

/** The first segments by name that have this in it. */
export function segmentsCalledQuery(part: string) {
  return queryOptions({
    queryKey: ["cdp/segments", "called", part],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/segments", { params: { query: { q: part === "" ? null : part, limit: 50 } } }),
      ),
    placeholderData: keepPreviousData,
  });
}

export class NoSuchSegment extends Error {
  constructor(name: string) {
    super(`No segment is called “${name}”: choose one of the list.`);
  }
}

async function idOfSegment(name: string): Promise<string> {
  const { items } = await whole((query) =>
    body(api.GET("/api/v1/cdp/segments", { params: { query: { ...query, q: name, sort: "name" } } })),
  );
  const found = items.find((each) => each.name === name);
  if (found === undefined) throw new NoSuchSegment(name);
  return found.id;
}

interface Asked extends ExportCreate {
  /** By its name; empty: everybody. */
  readonly segment: string;
}

export function useCreateExport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ segment, ...asked }: Asked) => {
      const segmentId = segment === "" ? null : await idOfSegment(segment);
      return body(api.POST("/api/v1/cdp/exports", { body: { ...asked, segment_id: segmentId } }));
    },
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
