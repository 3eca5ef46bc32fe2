import type { HealthComponent } from "@/api/types";
import { words } from "@/format/words";
import { cx } from "./classes";

/** Shape carries the meaning as well as colour: a round tick, a square with two bars, an octagon, a dashed ring. */
type Shape = "tick" | "pause" | "stop" | "unknown" | "absent";

export function ShapeIcon({ shape, className }: { shape: Shape; className?: string }) {
  const common = { fill: "none", stroke: "currentColor", strokeWidth: 1.5 } as const;
  return (
    <svg viewBox="0 0 14 14" aria-hidden className={cx("size-3.5 shrink-0", className)}>
      {shape === "tick" && (
        <>
          <circle cx="7" cy="7" r="6" {...common} />
          <path d="m4.4 7.2 1.8 1.8 3.4-3.8" {...common} strokeLinecap="round" strokeLinejoin="round" />
        </>
      )}
      {shape === "pause" && (
        <>
          <rect x="1.25" y="1.25" width="11.5" height="11.5" rx="1.5" {...common} />
          <path d="M5.4 4.6v4.8M8.6 4.6v4.8" {...common} strokeLinecap="round" />
        </>
      )}
      {shape === "stop" && (
        <>
          <path d="M4.5 1h5L13 4.5v5L9.5 13h-5L1 9.5v-5z" fill="currentColor" />
          <path d="M4.4 7h5.2" stroke="var(--surface)" strokeWidth="1.8" strokeLinecap="round" />
        </>
      )}
      {shape === "unknown" && <circle cx="7" cy="7" r="5.6" {...common} strokeDasharray="2.4 2" />}
      {shape === "absent" && <path d="M3 7h8" {...common} strokeLinecap="round" />}
    </svg>
  );
}

interface Look {
  shape: Shape;
  tone: string;
}

const VERDICTS: Readonly<Record<string, Look>> = {
  PASS: { shape: "tick", tone: "bg-pass-soft text-pass" },
  HOLD: { shape: "pause", tone: "bg-hold-soft text-hold" },
  BLOCK: { shape: "stop", tone: "bg-block-soft text-block" },
};

const CHIP =
  "inline-flex h-5 items-center gap-1 rounded-sm px-1.5 text-xs font-semibold tracking-wide whitespace-nowrap";

export function VerdictChip({ verdict }: { verdict: string }) {
  const word = verdict.toUpperCase();
  const { shape, tone } = VERDICTS[word] ?? { shape: "unknown", tone: "bg-sunken text-ink-2" };
  return (
    <span className={cx(CHIP, tone)}>
      <ShapeIcon shape={shape} className="size-3" />
      {word}
    </span>
  );
}

const STATES: Readonly<Record<HealthComponent["state"], Look>> = {
  good: { shape: "tick", tone: "text-pass" },
  bad: { shape: "stop", tone: "text-block" },
  unknown: { shape: "unknown", tone: "text-ink-3" },
  absent: { shape: "absent", tone: "text-ink-3" },
};

export function SignalState({ state }: { state: HealthComponent["state"] }) {
  const { shape, tone } = STATES[state];
  return (
    <span className={cx("inline-flex items-center gap-1.5 whitespace-nowrap", tone)}>
      <ShapeIcon shape={shape} />
      {words(state)}
    </span>
  );
}

const MODES: Readonly<Record<string, Look>> = {
  normal: { shape: "tick", tone: "bg-pass-soft text-pass" },
  limited: { shape: "pause", tone: "bg-hold-soft text-hold" },
  cuts_only: { shape: "pause", tone: "bg-hold-soft text-hold" },
  frozen: { shape: "stop", tone: "bg-block-soft text-block" },
};

/** The autopilot's mode, which follows health: normal, limited, cuts only, frozen; not started before the first. */
export function ModeChip({ mode }: { mode: string }) {
  const { shape, tone } = MODES[mode] ?? { shape: "unknown", tone: "bg-sunken text-ink-2" };
  return (
    <span className={cx(CHIP, tone)}>
      <ShapeIcon shape={shape} className="size-3" />
      {words(mode)}
    </span>
  );
}
