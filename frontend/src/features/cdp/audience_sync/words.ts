import type { Audience, AudienceIdentifier, AudienceRun } from "@/api/types";
import type { Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { plural, words } from "@/format/words";

export const IDENTIFIERS: Readonly<Record<AudienceIdentifier, string>> = {
  email: "E-mail address",
  phone: "Phone number",
  external_id: "Your own customer id",
  first_name: "First name",
  last_name: "Last name",
  city: "City",
  state: "State",
  zip: "Postal code",
  country: "Country",
};

const NAMES: Readonly<Record<string, string>> = {
  meta: "Meta custom audience",
  google: "Google customer list",
  tiktok: "TikTok custom audience",
  snapchat: "Snapchat segment",
};

/** What an audience is at its platform, in the platform's own words. */
export function nameThere(platform: string): string {
  return NAMES[platform] ?? `${words(platform)} audience`;
}

export const INTERVALS: readonly (readonly [number | null, string])[] = [
  [15, "Every 15 minutes"],
  [60, "Every hour"],
  [360, "Every 6 hours"],
  [1440, "Once a day"],
  [null, "Only when somebody asks"],
];

export function intervalOf(minutes: number | null): string {
  return INTERVALS.find(([each]) => each === minutes)?.[1] ?? `Every ${plural(minutes ?? 0, "minute")}`;
}

/** How it stands here: the first that is true. */
export function stateOf(audience: Audience): readonly [Tone, string] {
  if (audience.ending) return ["hold", "Being deleted"];
  if (audience.error_code !== null) return ["block", "Failing"];
  if (audience.waiting !== null) return ["hold", "Waits for you"];
  if (!audience.enabled) return ["muted", "Switched off"];
  if (audience.last_run?.status === "running") return ["accent", "Being sent"];
  if (audience.last_run_at === null) return ["accent", "Being made"];
  return ["pass", "In step"];
}

const REMOTE: Readonly<Record<NonNullable<Audience["remote_state"]>, string>> = {
  empty: "Nothing has reached it yet",
  filling: "The platform is looking for these people",
  too_small: "Too small for ads yet",
  ready: "Ready for ads",
  blocked: "Blocked by the platform: see to it there",
  unknown: "Not told",
};

export function remoteState(audience: Audience): string | null {
  return audience.remote_state === null ? null : REMOTE[audience.remote_state];
}

/** Whom the platform can reach; null where it does not say. */
export function sizeOf({ size_lower: lower, size_upper: upper }: Audience): string | null {
  if (lower === null || upper === null) return null;
  if (lower === upper) return `About ${integer(lower)}`;
  return lower === 0 ? `Under ${integer(upper)}` : `${integer(lower)} to ${integer(upper)}`;
}

export function matchRate({ match }: Audience): string | null {
  return match === null || match.of === 0 ? null : `${Math.round((100 * match.matched) / match.of)} %`;
}

const WITHHELD: Readonly<Record<string, string>> = {
  no_consent: "do not allow ads",
  no_identifier: "have nothing to be found by",
  held_out: "are held out",
};

/** Why members of the segment are not there. */
export function withheldOf(run: AudienceRun): readonly string[] {
  return Object.entries(run.withheld).map(
    ([why, count]) => `${integer(count)} ${WITHHELD[why] ?? why.replaceAll("_", " ")}`,
  );
}

const RUNS: Readonly<Record<AudienceRun["status"], readonly [Tone, string]>> = {
  running: ["accent", "Under way"],
  done: ["pass", "Done"],
  failed: ["block", "Failed"],
  interrupted: ["muted", "Interrupted"],
};

export function runState(run: AudienceRun): readonly [Tone, string] {
  return run.status === "done" && run.held_back > 0 ? ["hold", "Partly"] : RUNS[run.status];
}

export const KINDS: Readonly<Record<AudienceRun["kind"], string>> = {
  difference: "What had changed",
  replace: "Everybody anew",
  removals: "Who must not stay",
  ending: "Deletion",
};
