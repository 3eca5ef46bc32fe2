import type { FunnelDefinition } from "@/api/types";
import { choiceOf, draftOf, type EventDraft, NO_EVENT, said } from "../analytics/event-draft";
import { askedOf, type PeopleDraft, peopleDraftOf, wholeNumber } from "../analytics/people-draft";

export type Mode = FunnelDefinition["modes"][number];
export type Unit = keyof typeof SECONDS;

export interface StepDraft extends EventDraft {
  /** Of the field, so that steps can change places. */
  readonly key: number;
  readonly label: string;
}

/** A funnel as it is being typed. */
export interface FunnelDraft {
  readonly steps: readonly StepDraft[];
  readonly modes: readonly Mode[];
  readonly window: string;
  readonly unit: Unit;
  readonly people: PeopleDraft;
}

export const MOST_STEPS = 10;
const SECONDS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
const LONGEST_WINDOW = 366 * 86_400;

export const MODES: readonly (readonly [Mode, string, string])[] = [
  [
    "strict_order",
    "Nothing in between",
    "As soon as somebody does anything that is no step, their way ends where it is.",
  ],
  [
    "strict_deduplication",
    "No step twice",
    "As soon as somebody repeats a step that they were past, their way ends where it is.",
  ],
  [
    "strict_increase",
    "Each step later than the one before",
    "Two steps at the very same moment do not count one after the other.",
  ],
];

let keys = 0;

export const newStep = (): StepDraft => ({ ...NO_EVENT, label: "", key: (keys += 1) });

export const newFunnel = (): FunnelDraft => ({
  steps: [newStep(), newStep()],
  modes: [],
  window: "7",
  unit: "days",
  people: peopleDraftOf({ days: { kind: "last", days: 30 } }),
});

/** How long after the first step the last may come, in seconds; null where that is no time. */
export function windowOf({ window, unit }: FunnelDraft): number | null {
  return wholeNumber(window, LONGEST_WINDOW / SECONDS[unit]) === null ? null : Number(window) * SECONDS[unit];
}

export function definitionOf(draft: FunnelDraft): FunnelDefinition | null {
  const steps = draft.steps.flatMap((step) => {
    const choice = choiceOf(step);
    return choice === null ? [] : [{ ...choice, label: step.label.trim() === "" ? null : step.label.trim() }];
  });
  const seconds = windowOf(draft);
  const asked = askedOf(draft.people);
  if (steps.length < draft.steps.length || steps.length < 2 || seconds === null || asked === null)
    return null;
  return { steps, modes: [...draft.modes], window_seconds: seconds, ...asked };
}

export function funnelDraftOf(definition: FunnelDefinition): FunnelDraft {
  const seconds = definition.window_seconds;
  const unit =
    (["days", "hours", "minutes"] as const).find((each) => seconds % SECONDS[each] === 0) ?? "seconds";
  return {
    steps: definition.steps.map((step) => ({ ...newStep(), ...draftOf(step), label: step.label ?? "" })),
    modes: definition.modes,
    window: String(seconds / SECONDS[unit]),
    unit,
    people: peopleDraftOf(definition),
  };
}

/** Its steps in one line. */
export function stepsSaid({ steps }: FunnelDefinition): string {
  return steps.map((step) => step.label ?? said(step)).join(" → ");
}
