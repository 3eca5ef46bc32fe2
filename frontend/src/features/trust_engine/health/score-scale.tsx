import { ShapeIcon } from "@/design/verdict";
import { Unknown } from "@/design/figures";
import { cx } from "@/design/classes";
import { integer } from "@/format/numbers";

/** What each score opens at the gate, in the order of the scale. */
const RUNGS = [
  { at: 40, opens: "cuts" },
  { at: 60, opens: "conservative" },
  { at: 70, opens: "standard" },
  { at: 80, opens: "raises" },
] as const;

interface ScoreScaleProps {
  score: number | null;
  why: string;
  label: string;
}

/** The score on the gate's own scale: each rung names the class of change that it opens. */
export function ScoreScale({ score, why, label }: ScoreScaleProps) {
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
            className={cx("absolute inset-y-0 left-0 rounded-sm", fill(score))}
            style={{ width: `${Math.max(0, Math.min(100, score))}%` }}
          />
        )}
        {RUNGS.map(({ at }) => (
          <span key={at} className="absolute -inset-y-1 w-px bg-line-strong" style={{ left: `${at}%` }} />
        ))}
      </div>
      <div aria-hidden className="relative h-5 text-xs text-ink-3">
        {RUNGS.map(({ at }) => (
          <span key={at} className="absolute top-1 -translate-x-1/2" style={{ left: `${at}%` }}>
            {at}
          </span>
        ))}
      </div>
      <ul aria-label="What the score opens" className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {RUNGS.map(({ at, opens }) => {
          const open = score !== null && score >= at;
          return (
            <li key={at} className={cx("flex items-center gap-1", open ? "text-ink" : "text-ink-3")}>
              <ShapeIcon
                shape={open ? "tick" : "stop"}
                className={cx("size-3", open ? "text-pass" : "text-ink-3")}
              />
              {opens}
              <span className="sr-only">
                {open ? "open" : "closed"}, needs {at}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function fill(score: number): string {
  if (score >= 70) return "bg-pass";
  return score >= 40 ? "bg-hold" : "bg-block";
}
