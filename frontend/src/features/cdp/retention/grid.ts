import type { Breakdown, RetentionAnswer, RetentionCohort } from "@/api/types";
import type { Cell } from "@/format/csv";
import { part } from "@/format/shares";
import { groupName } from "../analytics/groups";

/** One period of one cohort: over, running still (what is known may grow), or to come. */
export interface GridCell {
  readonly state: "over" | "running" | "to_come";
  readonly people: number | null;
  readonly share: number | null;
}

export interface GridRow {
  readonly begins_on: string;
  readonly size: number;
  readonly cells: readonly GridCell[];
}

export function gridRow({ begins_on, size, returned, complete }: RetentionCohort): GridRow {
  const cells = returned.map((people, place): GridCell => {
    if (people === null) return { state: "to_come", people: null, share: null };
    return { state: place < complete ? "over" : "running", people, share: part(people, size) };
  });
  return { begins_on, size, cells };
}

/** "Week 3": so many periods after the cohort's own. */
export function placeName(period: RetentionAnswer["period"], place: number): string {
  return `${period.charAt(0).toUpperCase()}${period.slice(1)} ${place}`;
}

/** The figures as they are: people, then shares as fractions; what is not over yet says so, what is to come is empty. */
export function retentionRows(answer: RetentionAnswer, by: Breakdown | null | undefined): Cell[][] {
  const { period, cohorts, curve, groups } = answer;
  const places = curve.of.map((_, place) => placeName(period, place));
  const head = [
    "Group",
    "Began",
    "People",
    ...places,
    ...places.map((place) => `${place}, share`),
    "Periods over",
  ];
  const rows = cohorts.map((cohort) => {
    const { size, cells } = gridRow(cohort);
    return [
      "Everybody",
      cohort.begins_on,
      size,
      ...cells.map(({ people }) => people),
      ...cells.map(({ share }) => share),
      cohort.complete,
    ];
  });
  const all = [{ name: "Everybody", curve }].concat(
    (groups ?? []).map((group) => ({ name: groupName(group, by), curve: group.curve })),
  );
  const together = all.map(({ name, curve: own }) => [
    name,
    "All whose period is over",
    own.people,
    ...own.returned.map((people, place) => (own.of[place] === 0 ? null : people)),
    ...own.overall,
    null,
  ]);
  return [head, ...rows, ...together];
}
