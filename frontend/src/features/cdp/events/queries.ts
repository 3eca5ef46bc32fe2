import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

export const eventStatsQuery = queryOptions({
  queryKey: ["cdp/events/stats"],
  queryFn: () => body(api.GET("/api/v1/cdp/events/stats")),
  refetchInterval: 15_000,
});

/** The event store, the newest first; `live` looks again every few seconds. */
export function eventsQuery(name: string | undefined, live: boolean) {
  return byCursor(
    ["cdp/events", "stored", name ?? null],
    (cursor) => body(api.GET("/api/v1/cdp/events", { params: { query: { cursor, name: name ?? null } } })),
    live ? 5_000 : false,
  );
}

export function verdictsQuery(source: string | undefined) {
  return byCursor(
    ["cdp/events", "verdicts", source ?? null],
    (cursor) =>
      body(
        api.GET("/api/v1/cdp/events/verdicts", {
          params: { query: { cursor, source_id: source ?? null } },
        }),
      ),
    15_000,
  );
}

/** Sends a refused event through again, as it came (null) or as somebody put it right. */
export function useReplayEvent(verdictId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (payload: Record<string, unknown> | null) =>
      body(
        api.POST("/api/v1/cdp/events/verdicts/{verdict_id}/replay", {
          params: { path: { verdict_id: verdictId } },
          ...(payload === null ? {} : { body: { payload } }),
        }),
      ),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["cdp/events"] }),
        client.invalidateQueries({ queryKey: ["cdp/events/stats"] }),
      ]),
  });
}
