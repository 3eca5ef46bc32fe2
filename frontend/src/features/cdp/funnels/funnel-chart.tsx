import { ArrowDown } from "lucide-react";
import type { Breakdown, FunnelAnswer, FunnelPeople, FunnelStep } from "@/api/types";
import { cx, LINK } from "@/design/classes";
import { duration } from "@/format/durations";
import { integer } from "@/format/numbers";
import { share } from "@/format/shares";
import { plural } from "@/format/words";
import { groupName } from "../analytics/groups";

interface FunnelChartProps {
  answer: FunnelAnswer;
  by: Breakdown | null | undefined;
  onChoose: (people: FunnelPeople) => void;
}

/** A bar for each step, as long as the share of people who got there; hatched, who was lost on the way to it. */
export function FunnelChart({ answer, by, onChoose }: FunnelChartProps) {
  const { steps, groups } = answer;
  return (
    <ol aria-label="Steps" className="p-4">
      {steps.map((step, place) => (
        <li key={place}>
          {place > 0 && <Between step={step} place={place} onChoose={onChoose} />}
          <div className="flex flex-wrap items-baseline justify-between gap-x-4">
            <span className="min-w-0 font-medium">
              <span className="text-ink-3">{place + 1}</span> {step.label}
            </span>
            <span>
              <strong className="font-semibold">{share(step.share_of_first)}</strong>{" "}
              <span className="text-ink-2">{plural(step.people, "person", "people")}</span>
            </span>
          </div>
          <Bar step={step} before={steps[place - 1]} className="h-7" />
          {groups != null && groups.length > 0 && (
            <ul aria-label={`${step.label}, compared`} className="mt-2 space-y-1">
              {groups.map((group) => {
                const own = group.steps[place];
                return (
                  own !== undefined && (
                    <li
                      key={`${group.value ?? ""}${group.rest}`}
                      className="grid grid-cols-[72px_minmax(0,1fr)_auto] items-center gap-3 sm:grid-cols-[160px_minmax(0,1fr)_112px]"
                    >
                      <span className="truncate text-ink-2" title={groupName(group, by)}>
                        {groupName(group, by)}
                      </span>
                      <Bar step={own} before={group.steps[place - 1]} className="h-2.5" />
                      <span className="text-right whitespace-nowrap">
                        {share(own.share_of_first)} <span className="text-ink-3">{integer(own.people)}</span>
                      </span>
                    </li>
                  )
                );
              })}
            </ul>
          )}
        </li>
      ))}
    </ol>
  );
}

function Bar({
  step,
  before,
  className,
}: {
  step: FunnelStep;
  before: FunnelStep | undefined;
  className: string;
}) {
  const reached = step.share_of_first ?? 0;
  const lost = (before?.share_of_first ?? reached) - reached;
  return (
    <div aria-hidden className={`mt-1 flex overflow-hidden rounded-sm bg-sunken ${className}`}>
      <div className="bg-accent" style={{ width: `${reached * 100}%` }} />
      <div className="hatched" style={{ width: `${lost * 100}%` }} />
    </div>
  );
}

interface BetweenProps {
  step: FunnelStep;
  place: number;
  onChoose: (people: FunnelPeople) => void;
}

function Between({ step, place, onChoose }: BetweenProps) {
  const { from_previous: times } = step;
  return (
    <p className="my-2 flex flex-wrap items-center gap-x-3 gap-y-1 border-l-2 border-line py-1 pl-3 text-ink-2">
      <span className="inline-flex items-center gap-1">
        <ArrowDown size={14} aria-hidden />
        {share(step.share_of_previous)} went on
      </span>
      {step.dropped > 0 ? (
        <button
          type="button"
          aria-label={`${integer(step.dropped)} dropped off before ${step.label}`}
          className={cx(LINK, "max-sm:min-h-10")}
          onClick={() => {
            onChoose({ step: place + 1, outcome: "dropped", group: null });
          }}
        >
          {integer(step.dropped)} dropped off
        </button>
      ) : (
        <span>nobody dropped off</span>
      )}
      {times != null && (
        <span className="text-ink-3">
          half within {duration(times.median)}, nine in ten within {duration(times.p90)}
        </span>
      )}
    </p>
  );
}
