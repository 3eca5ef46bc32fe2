import { useSyncExternalStore } from "react";

/**
 * The domain's clock: evaluations, actions and metrics are aged by it. In production it is real time; a sandbox may run
 * ahead of it by weeks, and an evaluation of a minute ago must not read as one of the future.
 */
const NOTICEABLE_MS = 30_000;

let offset = 0;
const listeners = new Set<() => void>();

export function noteDomainTime(asOf: string): void {
  const ahead = Date.parse(asOf) - Date.now();
  offset = Math.abs(ahead) < NOTICEABLE_MS ? 0 : ahead;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** How far the domain's clock is ahead of this browser's, in milliseconds. */
export function useDomainOffset(): number {
  return useSyncExternalStore(subscribe, () => offset);
}
