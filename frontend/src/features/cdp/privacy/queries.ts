import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { PrivacyRequest } from "@/api/types";

export function requestsQuery(kind: PrivacyRequest["kind"] | undefined) {
  return byCursor(
    ["cdp/privacy", "requests", kind ?? null],
    (cursor) =>
      body(api.GET("/api/v1/cdp/privacy/requests", { params: { query: { cursor, kind: kind ?? null } } })),
    10_000,
  );
}

const isUnderWay = (request: PrivacyRequest | undefined) =>
  request === undefined || request.status === "queued" || request.status === "running";

/** Read again and again while it is under way. */
export function requestQuery(requestId: string) {
  return queryOptions({
    queryKey: ["cdp/privacy", "request", requestId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/privacy/requests/{request_id}", { params: { path: { request_id: requestId } } }),
      ),
    refetchInterval: ({ state }) => (isUnderWay(state.data) ? 1_000 : false),
  });
}

export function certificateQuery(requestId: string) {
  return queryOptions({
    queryKey: ["cdp/privacy", "certificate", requestId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/privacy/requests/{request_id}/certificate", {
          params: { path: { request_id: requestId } },
        }),
      ),
  });
}

/** All of a person's data in the clear: who fetched it is written down, so it is asked for once, and not kept. */
export function fetchExport(requestId: string): Promise<Record<string, unknown>> {
  return body(
    api.GET("/api/v1/cdp/privacy/requests/{request_id}/export", {
      params: { path: { request_id: requestId } },
    }),
  );
}

export const keepingQuery = queryOptions({
  queryKey: ["cdp/privacy", "settings"],
  queryFn: () => body(api.GET("/api/v1/cdp/privacy/settings")),
});

export interface Keeping {
  readonly event_days: number | null;
  readonly verdict_days: number | null;
  readonly export_hours: number;
}

export function useSetKeeping() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (keeping: Keeping) => body(api.PUT("/api/v1/cdp/privacy/settings", { body: keeping })),
    onSuccess: (saved) => {
      client.setQueryData(keepingQuery.queryKey, saved);
    },
  });
}

/** Of an erasure that another system proposed. */
export function useDecide(requestId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (way: "confirm" | "dismiss") =>
      body(
        api.POST(`/api/v1/cdp/privacy/requests/{request_id}/${way}`, {
          params: { path: { request_id: requestId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["cdp/privacy"] }),
  });
}

export interface Asked {
  readonly kind: PrivacyRequest["kind"];
  readonly profileId: string;
  readonly reason: string;
  readonly law: PrivacyRequest["law"] | null;
}

export function useAsk() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ kind, profileId, reason, law }: Asked) =>
      body(api.POST("/api/v1/cdp/privacy/requests", { body: { kind, profile_id: profileId, reason, law } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["cdp/privacy"] }),
  });
}
