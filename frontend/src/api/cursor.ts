import { infiniteQueryOptions, type QueryKey } from "@tanstack/react-query";

interface CursorPage {
  next_cursor: string | null;
}

/** A list by cursor, the newest first; `refetchInterval` looks again by itself. */
export function byCursor<P extends CursorPage, K extends QueryKey>(
  queryKey: K,
  fetchPage: (cursor: string | null) => Promise<P>,
  refetchInterval: number | false = false,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval,
  });
}
