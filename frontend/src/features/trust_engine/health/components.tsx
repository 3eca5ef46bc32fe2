import { ChevronRight } from "lucide-react";
import type { HealthComponent } from "@/api/types";
import { cx } from "@/design/classes";
import { Evidence } from "@/design/evidence";
import { Age, Unknown } from "@/design/figures";
import { SignalState } from "@/design/verdict";
import { integer, percent } from "@/format/numbers";
import { words } from "@/format/words";

const GRID =
  "grid grid-cols-[16px_minmax(0,1fr)_auto] items-center gap-x-3 px-4 sm:grid-cols-[16px_160px_84px_minmax(96px,160px)_minmax(0,1fr)_64px_72px]";

/** Each component on a line: state, score, why. It opens to the evidence that it rests on. */
export function Components({ components }: { components: readonly HealthComponent[] }) {
  if (components.length === 0)
    return (
      <p className="px-4 py-3 text-ink-2">No account has been measured: connect one, and let it be read.</p>
    );
  return (
    <div>
      <div
        aria-hidden
        className={cx(GRID, "h-8 border-b border-line text-sm font-medium text-ink-3 max-sm:hidden")}
      >
        <span />
        <span>Component</span>
        <span>State</span>
        <span>Score</span>
        <span>Why</span>
        <span className="text-right">Weight</span>
        <span className="text-right">Measured</span>
      </div>
      {components.map((component) => (
        <ComponentLine key={component.name} component={component} />
      ))}
    </div>
  );
}

function ComponentLine({ component }: { component: HealthComponent }) {
  return (
    <details className="group border-b border-line last:border-b-0">
      <summary className={cx(GRID, "min-h-9 list-none py-1.5 hover:bg-sunken")}>
        <ChevronRight
          size={14}
          aria-hidden
          className="text-ink-3 transition-transform group-open:rotate-90"
        />
        <span className="font-medium">{words(component.name)}</span>
        <SignalState state={component.state} />
        <ScoreBar component={component} />
        <span className="min-w-0 text-ink-2 max-sm:col-span-2 max-sm:col-start-2">{component.reason}</span>
        <span className="text-right text-ink-2 max-sm:hidden">{percent(component.weight)}</span>
        <span className="text-right text-ink-3 max-sm:hidden">
          <Age domain at={component.measured_at} why={component.reason} />
        </span>
      </summary>
      <div className="border-t border-line bg-canvas px-4 py-3 sm:pl-11">
        {component.drivers.length > 0 && (
          <ul className="mb-2 max-w-prose">
            {component.drivers.map((driver) => (
              <li key={driver}>{driver}</li>
            ))}
          </ul>
        )}
        <Evidence value={component.evidence} empty="No evidence was found, which is why it is unknown." />
      </div>
    </details>
  );
}

const FILLS = {
  good: "bg-pass",
  bad: "bg-block",
  unknown: "bg-transparent",
  absent: "bg-transparent",
} as const;

function ScoreBar({ component: { score, state, reason } }: { component: HealthComponent }) {
  return (
    <span className="flex items-center gap-2 max-sm:col-start-2">
      <span className="w-7 text-right">{score === null ? <Unknown why={reason} /> : integer(score)}</span>
      <span aria-hidden className="h-1.5 flex-1 rounded-sm bg-sunken">
        {score !== null && (
          <span className={cx("block h-full rounded-sm", FILLS[state])} style={{ width: `${score}%` }} />
        )}
      </span>
    </span>
  );
}
