import type { Stop } from "@/api/types";
import type { Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";

type Counts = Readonly<Record<string, number>>;

const UNDER_WAY = ["proposed", "approved", "executing", "applied"];
const LOST = ["failed", "blocked", "expired"];

function of(counts: Counts, states: readonly string[]): number {
  return states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}

/** Whether anything of it is on its way still. */
export function isMoving({ proposed_at, given_back_at, returned_at, tally }: Stop): boolean {
  return (
    proposed_at === null ||
    (given_back_at !== null && returned_at === null) ||
    of(tally.pauses, UNDER_WAY) + of(tally.enables, UNDER_WAY) > 0
  );
}

export interface Stage {
  readonly tone: Tone;
  readonly name: string;
}

/** How far a stop got, in a word or two. */
export function stageOf(stop: Stop): Stage {
  const back = stop.given_back_at !== null;
  if (isMoving(stop)) return { tone: "accent", name: back ? "Giving back" : "Pausing" };
  if (back) {
    if (of(stop.tally.enables, LOST) > 0 || stop.owed > 0)
      return { tone: "block", name: "Given back in part" };
    if (of(stop.tally.enables, ["awaiting_approval"]) > 0)
      return { tone: "hold", name: "Waits for approval" };
    return of(stop.tally.enables, ["verified"]) > 0
      ? { tone: "pass", name: "Given back" }
      : { tone: "muted", name: "Nothing was enabled again" };
  }
  if (of(stop.tally.pauses, LOST) > 0) return { tone: "block", name: "Paused in part" };
  return { tone: "hold", name: "Paused" };
}

/** What became of its campaigns, in one sentence each: never more than is known. */
export function progressOf({ tally, given_back_at, out_of_reach }: Stop): string[] {
  const said = [
    `${integer(of(tally.pauses, ["verified"]))} of ${plural(tally.campaigns, "campaign")} paused`,
  ];
  const lost = of(tally.pauses, LOST);
  if (lost > 0) said.push(`${integer(lost)} not`);
  if (given_back_at !== null) said.push(...givenBack(tally));
  if (out_of_reach.length > 0) said.push(`${plural(out_of_reach.length, "account")} out of reach`);
  return said;
}

function givenBack({ enables, kept }: Stop["tally"]): string[] {
  const said = [`${integer(of(enables, ["verified"]))} enabled again`];
  const parts: [number, string][] = [
    [of(enables, UNDER_WAY), "under way"],
    [of(enables, ["awaiting_approval"]), "waiting for approval"],
    [of(enables, ["held"]), "held by the gate"],
    [of(enables, LOST), "not let through or refused"],
    [of(enables, ["dismissed"]), "dismissed"],
    [of(enables, ["rolled_back"]), "rolled back"],
    [of(kept, Object.keys(kept)), "left out"],
  ];
  for (const [count, name] of parts) if (count > 0) said.push(`${integer(count)} ${name}`);
  return said;
}
