import type { AccountHealth } from "@/api/types";
import { ShapeIcon } from "@/design/verdict";
import { Unknown } from "@/design/figures";
import { cx } from "@/design/classes";
import { integer, number } from "@/format/numbers";
import type { Rung } from "../policies/document";

interface ScoreScaleProps {
  score: number | null;
  status: AccountHealth["status"];
  /** What each class of change needs, the least first; empty while the policy is not known. */
  rungs: readonly Rung[];
  why: string;
  label: string;
}

/** Figures that stand closer than this on the scale would be printed over each other. */
const APART = 6;

/** The score on the gate's own scale: each rung names the class of change that it opens. */
export function ScoreScale({ score, status, rungs, why, label }: ScoreScaleProps) {
  const marks = [...new Set(rungs.map(({ at }) => at))];
  const figures = marks.filter((at, index) => index === 0 || at - (marks[index - 1] ?? 0) >= APART);
  return (
    <div>
      <p className="text-figure font-medium">
        <span className="sr-only">{label}: </span>
        {score === null ? <Unknown why={why} /> : integer(score)}
        {score !== null && <span className="text-base font-normal text-ink-3"> / 100</span>}
      </p>
      <div
        {...(score === null
          ? { role: "img", "aria-label": `${label}: unknown, ${why}` }
          : {
              role: "meter",
              "aria-label": label,
              "aria-valuemin": 0,
              "aria-valuemax": 100,
              "aria-valuenow": Math.round(score),
            })}
        className="relative mt-2 h-2 rounded-sm bg-sunken"
      >
        {score !== null && (
          <span
            className={cx("absolute inset-y-0 left-0 rounded-sm", FILLS[status])}
            style={{ width: `${Math.max(0, Math.min(100, score))}%` }}
          />
        )}
        {marks.map((at) => (
          <span key={at} className="absolute -inset-y-1 w-px bg-line-strong" style={{ left: `${at}%` }} />
        ))}
      </div>
      <div aria-hidden className="relative h-5 text-xs text-ink-3">
        {figures.map((at) => (
          <span key={at} className="absolute top-1 -translate-x-1/2" style={{ left: `${at}%` }}>
            {number(at)}
          </span>
        ))}
      </div>
      <ul aria-label="What the score opens" className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {rungs.map(({ at, opens }) => {
          const open = score !== null && score >= at;
          return (
            <li
              key={opens}
              title={`Needs ${number(at)}`}
              className={cx("flex items-center gap-1", open ? "text-ink" : "text-ink-3")}
            >
              <ShapeIcon
                shape={open ? "tick" : "stop"}
                className={cx("size-3", open ? "text-pass" : "text-ink-3")}
              />
              {opens}
              <span className="sr-only">
                {open ? "open" : "closed"}, needs {number(at)}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const FILLS: Readonly<Record<AccountHealth["status"], string>> = {
  healthy: "bg-pass",
  degraded: "bg-hold",
  critical: "bg-block",
  unknown: "bg-line-strong",
};
