import type { ReactNode } from "react";
import { words } from "@/format/words";
import { cx } from "./classes";

export type Tone = "pass" | "hold" | "block" | "accent" | "muted";

const DOTS: Readonly<Record<Tone, string>> = {
  pass: "bg-pass",
  hold: "bg-hold [clip-path:polygon(50%_0,100%_50%,50%_100%,0_50%)]",
  block: "rounded-none bg-block",
  accent: "bg-accent",
  muted: "border border-ink-3",
};

/** A word with a mark whose shape differs by tone: round is well, a diamond waits, a square is wrong. */
export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span aria-hidden className={cx("size-2 shrink-0 rounded-full", DOTS[tone])} />
      {children}
    </span>
  );
}

const ACTION_TONES: Readonly<Record<string, Tone>> = {
  proposed: "muted",
  held: "hold",
  blocked: "block",
  awaiting_approval: "hold",
  approved: "accent",
  executing: "accent",
  applied: "accent",
  verified: "pass",
  rolled_back: "hold",
  failed: "block",
  expired: "muted",
  dismissed: "muted",
};

export function ActionStatus({ state }: { state: string }) {
  return <Status tone={ACTION_TONES[state] ?? "muted"}>{words(state)}</Status>;
}

const DELIVERY_TONES: Readonly<Record<string, Tone>> = {
  ACTIVE: "pass",
  PAUSED: "muted",
  CAMPAIGN_PAUSED: "muted",
  WITH_ISSUES: "block",
  DISAPPROVED: "block",
  IN_PROCESS: "accent",
  PENDING_REVIEW: "hold",
};

/** A campaign's delivery as the platform names it. */
export function DeliveryStatus({ status }: { status: string }) {
  return <Status tone={DELIVERY_TONES[status.toUpperCase()] ?? "muted"}>{words(status)}</Status>;
}
