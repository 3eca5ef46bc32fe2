import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const eventStatsQuery = queryOptions({
  queryKey: ["cdp/events/stats"],
  queryFn: () => body(api.GET("/api/v1/cdp/events/stats")),
  refetchInterval: 15_000,
});

/** The event store, the newest first; `live` looks again every few seconds. */
export function eventsQuery(name: string | undefined, live: boolean) {
  return infiniteQueryOptions({
    queryKey: ["cdp/events", "stored", name ?? null],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/cdp/events", {
          params: {
            query: {
              ...(name === undefined ? {} : { name }),
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: live ? 5_000 : false,
  });
}

export const verdictsQuery = infiniteQueryOptions({
  queryKey: ["cdp/events", "verdicts"],
  queryFn: ({ pageParam }) =>
    body(
      api.GET("/api/v1/cdp/events/verdicts", {
        params: { query: pageParam === null ? {} : { cursor: pageParam } },
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: 15_000,
});
