import type { FunnelAnswer, FunnelStep } from "@/api/types";
import { duration, spans } from "@/format/durations";
import { integer } from "@/format/numbers";

type Times = NonNullable<FunnelStep["from_first"]>;

/** How the times spread, from each step to the next, and from the first to the last. */
export function FunnelTimes({ answer }: { answer: FunnelAnswer }) {
  const { steps, spread_from } = answer;
  const last = steps.at(-1);
  const ways = steps.slice(1).flatMap((step, place) => {
    const before = steps[place];
    return step.from_previous == null || before === undefined
      ? []
      : [{ title: `${before.label} → ${step.label}`, times: step.from_previous }];
  });
  if (steps.length > 2 && last?.from_first != null && steps[0] !== undefined)
    ways.push({ title: `All the way: ${steps[0].label} → ${last.label}`, times: last.from_first });
  return (
    <div className="grid gap-x-8 gap-y-6 p-4 md:grid-cols-2">
      {ways.map(({ title, times }) => (
        <Spread key={title} title={title} times={times} names={spans(spread_from)} />
      ))}
    </div>
  );
}

function Spread({ title, times, names }: { title: string; times: Times; names: readonly string[] }) {
  const { spread } = times;
  const first = spread.findIndex((people) => people > 0);
  const end = spread.findLastIndex((people) => people > 0) + 1;
  const most = Math.max(...spread, 1);
  return (
    <section aria-label={title} className="min-w-0">
      <h3 className="font-medium">{title}</h3>
      <p className="mb-2 text-sm text-ink-3">
        Half within {duration(times.median)}, nine in ten within {duration(times.p90)}.
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1">
        {spread.slice(first, end).map((people, place) => (
          <div key={place} className="contents">
            <dt className="text-right text-sm whitespace-nowrap text-ink-2">{names[first + place]}</dt>
            <dd aria-hidden className="h-4 rounded-sm bg-sunken">
              <div className="h-full rounded-sm bg-accent" style={{ width: `${(people / most) * 100}%` }} />
            </dd>
            <dd className="text-right">{integer(people)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
