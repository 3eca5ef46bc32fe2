import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "./button";
import { ErrorNote, Skeleton } from "./states";

interface ListedProps<T> {
  query: UseInfiniteQueryResult<InfiniteData<{ items: T[] }>>;
  rows?: number;
  empty: ReactNode;
  /** What the button asks for: "Earlier calls". */
  more: string;
  children: (items: readonly T[]) => ReactNode;
}

/** A list that grows at its end: loading, failed, empty, or its items and a button for those before them. */
export function Listed<T>({ query, rows = 6, empty, more, children }: ListedProps<T>) {
  if (query.data === undefined)
    return query.isError ? (
      <ErrorNote error={query.error} onRetry={() => void query.refetch()} />
    ) : (
      <Skeleton rows={rows} />
    );
  const items = query.data.pages.flatMap((page) => page.items);
  return (
    <>
      {items.length === 0 ? empty : children(items)}
      {query.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button tone="quiet" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {more}
          </Button>
        </div>
      )}
    </>
  );
}
