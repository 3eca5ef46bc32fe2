import { useSyncExternalStore } from "react";
import { useDomainOffset } from "@/api/domain-clock";
import { money } from "@/format/money";
import { ago, dateTime, utc } from "@/format/time";

/** What is not known is a dash with its reason, never a zero. */
export function Unknown({ why }: { why: string }) {
  return (
    <span className="text-ink-3" title={why}>
      <span aria-hidden>—</span>
      <span className="sr-only">Unknown: {why}</span>
    </span>
  );
}

interface MoneyProps {
  micros: number | null | undefined;
  currency: string | null | undefined;
  why?: string;
}

export function Money({ micros, currency, why = "not reported" }: MoneyProps) {
  if (micros === null || micros === undefined) return <Unknown why={why} />;
  if (currency === null || currency === undefined) return <Unknown why="its currency is not known" />;
  return <span className="whitespace-nowrap">{money(micros, currency)}</span>;
}

const TICK_MS = 5_000;

let now = Date.now();
const watchers = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function watchClock(onTick: () => void): () => void {
  watchers.add(onTick);
  ticking ??= setInterval(() => {
    now = Date.now();
    for (const watcher of watchers) watcher();
  }, TICK_MS);
  return () => {
    watchers.delete(onTick);
    if (watchers.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** One clock for every age on the page. */
export function useNow(): number {
  return useSyncExternalStore(watchClock, () => now);
}

/** The clock ticks every few seconds: what happened since its last tick is not in the future. */
function sinceTick(at: string, current: number): number {
  const ahead = Date.parse(at) - current;
  return ahead > 0 && ahead <= TICK_MS + 1_000 ? current + ahead : current;
}

interface AgeProps {
  at: string | null | undefined;
  why?: string;
  /** Aged by the domain's clock (evaluations, actions, metrics), not by real time (sign-ins, deliveries). */
  domain?: boolean;
}

/** An age that keeps counting; its title has the viewer's time and UTC. */
export function Age({ at, why = "it has not happened yet", domain = false }: AgeProps) {
  const ahead = useDomainOffset();
  const current = useNow() + (domain ? ahead : 0);
  if (at === null || at === undefined) return <Unknown why={why} />;
  return (
    <time dateTime={at} title={`${dateTime(at)} · ${utc(at)}`} className="whitespace-nowrap">
      {ago(at, sinceTick(at, current))}
    </time>
  );
}

export function Moment({ at, timeZone }: { at: string; timeZone?: string }) {
  return (
    <time dateTime={at} title={utc(at)} className="whitespace-nowrap">
      {dateTime(at, timeZone)}
    </time>
  );
}
