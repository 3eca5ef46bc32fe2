import type { Breakdown, FunnelDefinition } from "@/api/types";

type Days = FunnelDefinition["days"];

/** Over which days, of whom and in which groups, as it is being typed. */
export interface PeopleDraft {
  readonly days: { readonly kind: "last" | "between"; last: string; since: string; until: string };
  readonly segmentId: string;
  readonly by: Breakdown["kind"] | "nothing";
  readonly name: string;
  readonly top: string;
  readonly segmentIds: readonly string[];
}

interface Asked {
  days: Days;
  segment_id?: string | null;
  breakdown?: Breakdown | null;
}

export const MOST_DAYS = 1_100;
export const MOST_GROUPS = 25;

export function wholeNumber(text: string, most: number): number | null {
  const value = Number(text);
  return /^\d+$/.test(text.trim()) && value >= 1 && value <= most ? value : null;
}

function daysOf({ days }: PeopleDraft): Days | null {
  if (days.kind === "last") {
    const count = wholeNumber(days.last, MOST_DAYS);
    return count === null ? null : { kind: "last", days: count };
  }
  const { since, until } = days;
  return since === "" || until === "" || since > until ? null : { kind: "between", since, until };
}

function breakdownOf({ by, name, top, segmentIds }: PeopleDraft): Breakdown | null | undefined {
  if (by === "nothing") return null;
  if (by === "lifecycle") return { kind: by };
  if (by === "segment")
    return segmentIds.length === 0 ? undefined : { kind: by, segment_ids: [...segmentIds] };
  const most = wholeNumber(top, MOST_GROUPS);
  return name.trim() === "" || most === null ? undefined : { kind: by, name: name.trim(), top: most };
}

/** What was typed; null where something of it cannot be asked yet. */
export function askedOf(draft: PeopleDraft): Required<Asked> | null {
  const days = daysOf(draft);
  const breakdown = breakdownOf(draft);
  if (days === null || breakdown === undefined) return null;
  return { days, breakdown, segment_id: draft.segmentId === "" ? null : draft.segmentId };
}

export function peopleDraftOf({ days, segment_id, breakdown }: Asked): PeopleDraft {
  return { days: daysDraft(days), segmentId: segment_id ?? "", ...breakdownDraft(breakdown ?? null) };
}

function daysDraft(days: Days): PeopleDraft["days"] {
  if (days.kind === "last") return { kind: "last", last: String(days.days), since: "", until: "" };
  return { kind: "between", last: "30", since: days.since, until: days.until };
}

function breakdownDraft(by: Breakdown | null): Pick<PeopleDraft, "by" | "name" | "top" | "segmentIds"> {
  const named = by !== null && "name" in by ? by : null;
  return {
    by: by?.kind ?? "nothing",
    name: named?.name ?? "",
    top: String(named?.top ?? 5),
    segmentIds: by?.kind === "segment" ? by.segment_ids : [],
  };
}
