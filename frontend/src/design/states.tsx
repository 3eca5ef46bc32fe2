import type { UseQueryResult } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/errors";
import { Button } from "./button";
import { cx } from "./classes";

export function Skeleton({ rows = 4, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" className={cx("space-y-3 p-4", className)}>
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="h-4 skeleton" style={{ width: `${92 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div className="px-4 py-8">
      <p className="font-medium">{title}</p>
      {children !== undefined && <p className="mt-1 max-w-prose text-ink-2">{children}</p>}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  );
}

export function ErrorNote({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div role="alert" className="border-l-2 border-block px-4 py-3">
      <p className="font-medium">{known === null ? "Something went wrong here." : error.message}</p>
      <p className="mt-1 font-mono text-sm text-ink-2">
        {known === null ? error.message : known.code}
        {known?.requestId != null && <> · request {known.requestId}</>}
      </p>
      {onRetry !== undefined && (
        <Button className="mt-3" onClick={onRetry}>
          <RotateCw size={14} aria-hidden />
          Try again
        </Button>
      )}
    </div>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}

/** A query's three states. Data that is on the screen stays there when a later refresh fails. */
export function Loaded<T>({ query, rows = 4, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton rows={rows} />;
}
