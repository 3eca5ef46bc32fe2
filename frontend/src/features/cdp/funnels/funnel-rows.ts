import type { Breakdown, FunnelAnswer, FunnelStep } from "@/api/types";
import type { Cell } from "@/format/csv";
import { groupName } from "../analytics/groups";

/** One line of the figures: a step of everybody, or of one group. */
export interface FunnelRow {
  /** Null for everybody. */
  readonly group: { value: string | null; rest: boolean } | null;
  readonly name: string;
  readonly place: number;
  readonly step: FunnelStep;
}

export function linesOf({ steps, groups }: FunnelAnswer, by: Breakdown | null | undefined): FunnelRow[] {
  const everybody = steps.map((step, place) => ({ group: null, name: "Everybody", place, step }));
  const others = (groups ?? []).flatMap((group) =>
    group.steps.map((step, place) => ({
      group: { value: group.value, rest: group.rest },
      name: groupName(group, by),
      place,
      step,
    })),
  );
  return [...everybody, ...others];
}

/** The figures as they are: shares as fractions, times in seconds, unknown empty. */
export function funnelRows(answer: FunnelAnswer, by: Breakdown | null | undefined): Cell[][] {
  const head = [
    "Group",
    "Step",
    "Name",
    "People",
    "Share of the first step",
    "Share of the step before",
    "Dropped off before it",
    "Since the step before, median s",
    "Since the step before, 90 % within s",
    "Since the first step, median s",
    "Since the first step, 90 % within s",
  ];
  const lines = linesOf(answer, by).map(({ name, place, step }) => [
    name,
    place + 1,
    step.label,
    step.people,
    step.share_of_first,
    step.share_of_previous,
    step.dropped,
    step.from_previous?.median ?? null,
    step.from_previous?.p90 ?? null,
    step.from_first?.median ?? null,
    step.from_first?.p90 ?? null,
  ]);
  return [head, ...lines];
}
