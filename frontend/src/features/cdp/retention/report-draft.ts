import type { RetentionDefinition } from "@/api/types";
import { choiceOf, draftOf, type EventDraft, NO_EVENT, said } from "../analytics/event-draft";
import { askedOf, type PeopleDraft, peopleDraftOf, wholeNumber } from "../analytics/people-draft";

type Returning = "any" | "same" | "event";
type Start = "first_seen" | "first" | "every";

/** A retention report as it is being typed. */
export interface ReportDraft {
  readonly start: Start;
  readonly startEvent: EventDraft;
  readonly returning: Returning;
  readonly returnEvent: EventDraft;
  readonly period: RetentionDefinition["period"];
  readonly periods: string;
  readonly counted: RetentionDefinition["counted"];
  readonly people: PeopleDraft;
}

export const MOST_PERIODS = 60;

export const newReport = (): ReportDraft => ({
  start: "first_seen",
  startEvent: NO_EVENT,
  returning: "any",
  returnEvent: NO_EVENT,
  period: "week",
  periods: "8",
  counted: "on",
  people: peopleDraftOf({ days: { kind: "last", days: 63 } }),
});

function startOf({ start, startEvent }: ReportDraft): RetentionDefinition["start"] | null {
  if (start === "first_seen") return { kind: "first_seen" };
  const choice = choiceOf(startEvent);
  return choice === null ? null : { kind: "event", occurrence: start, ...choice };
}

function returningOf({
  returning,
  startEvent,
  returnEvent,
}: ReportDraft): RetentionDefinition["returning"] | null {
  if (returning === "any") return { kind: "any" };
  const choice = choiceOf(returning === "same" ? startEvent : returnEvent);
  return choice === null ? null : { kind: "event", ...choice };
}

export function definitionOf(draft: ReportDraft): RetentionDefinition | null {
  const start = startOf(draft);
  const returning = returningOf(draft);
  const periods = wholeNumber(draft.periods, MOST_PERIODS);
  const asked = askedOf(draft.people);
  if (start === null || returning === null || periods === null || asked === null) return null;
  return { start, returning, period: draft.period, periods, counted: draft.counted, ...asked };
}

export function reportDraftOf(definition: RetentionDefinition): ReportDraft {
  const { start, returning, period, periods, counted } = definition;
  const startEvent = start.kind === "event" ? draftOf(start) : NO_EVENT;
  const returnEvent = returning.kind === "event" ? draftOf(returning) : NO_EVENT;
  const same = start.kind === "event" && JSON.stringify(startEvent) === JSON.stringify(returnEvent);
  return {
    start: start.kind === "event" ? start.occurrence : "first_seen",
    startEvent,
    returning: returning.kind === "any" ? "any" : same ? "same" : "event",
    returnEvent,
    period,
    periods: String(periods),
    counted,
    people: peopleDraftOf(definition),
  };
}

/** What a report asks, in one line. */
export function reportSaid({ start, returning, period, periods, counted }: RetentionDefinition): string {
  const begins =
    start.kind === "first_seen"
      ? "Who is first seen"
      : start.occurrence === "first"
        ? `Who does ${said(start)} for the first time`
        : `Who does ${said(start)} in a ${period}`;
  const back = returning.kind === "any" ? "anything again" : said(returning);
  const when =
    counted === "on"
      ? `in each of the next ${periods} ${period}s`
      : `then or later, over ${periods} ${period}s`;
  return `${begins}, and does ${back} ${when}`;
}
