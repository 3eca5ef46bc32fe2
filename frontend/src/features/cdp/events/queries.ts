import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { EventSearch } from "./filters";

export const eventStatsQuery = queryOptions({
  queryKey: ["cdp/events/stats"],
  queryFn: () => body(api.GET("/api/v1/cdp/events/stats")),
  refetchInterval: 15_000,
});

/** The event store, the newest first. */
export function eventsQuery({ name, source, message, identifier }: EventSearch) {
  return byCursor(
    ["cdp/events", "stored", name ?? null, source ?? null, message ?? null, identifier ?? null],
    (cursor) =>
      body(
        api.GET("/api/v1/cdp/events", {
          params: {
            query: {
              cursor,
              name: name ?? null,
              source_id: source ?? null,
              message_id: message ?? null,
              identifier: identifier ?? null,
            },
          },
        }),
      ),
    15_000,
  );
}

/** One event whole, with the person whose it is by now. */
export function eventQuery(eventId: string, receivedAt: string) {
  return queryOptions({
    queryKey: ["cdp/events", "one", eventId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/events/{event_id}", {
          params: { path: { event_id: eventId }, query: { received_at: receivedAt } },
        }),
      ),
    // Whose it is comes some moments after the event.
    refetchInterval: ({ state }) => (state.data?.profile_id === null ? 2_000 : false),
  });
}

/** Refused events are kept sealed: they are found by what is told of them, not by whom they name. */
export function verdictsQuery({ name, source, message }: Omit<EventSearch, "identifier">) {
  return byCursor(
    ["cdp/events", "verdicts", name ?? null, source ?? null, message ?? null],
    (cursor) =>
      body(
        api.GET("/api/v1/cdp/events/verdicts", {
          params: {
            query: { cursor, name: name ?? null, source_id: source ?? null, message_id: message ?? null },
          },
        }),
      ),
    15_000,
  );
}

export function verdictQuery(verdictId: string) {
  return queryOptions({
    queryKey: ["cdp/events", "verdict", verdictId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/events/verdicts/{verdict_id}", { params: { path: { verdict_id: verdictId } } }),
      ),
  });
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
