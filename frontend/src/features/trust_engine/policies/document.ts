import type { Policy } from "@/api/types";
import { number } from "@/format/numbers";
import { words } from "@/format/words";

/** One number of a policy: `weights.emq` is in the group `weights`, `hold_from` in none. */
interface Setting {
  readonly path: string;
  readonly value: number;
}

type Document = Policy["document"];

/** What a policy sets, in the document's own order; its version is its name, and no setting. */
export function settingsOf(document: Document): Setting[] {
  return Object.entries(document).flatMap(([name, value]) => {
    if (name === "version") return [];
    if (typeof value === "number") return [{ path: name, value }];
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    return Object.entries(value as Record<string, unknown>).flatMap(([part, inner]) =>
      typeof inner === "number" ? [{ path: `${name}.${part}`, value: inner }] : [],
    );
  });
}

/** What a class of change needs of the score. */
export interface Rung {
  readonly at: number;
  readonly opens: string;
}

const OPENS: Readonly<Record<string, string>> = { cut: "cuts", high: "raises" };

/** The gate's scale by this policy, the least first. */
export function rungsOf(document: Document): Rung[] {
  return settingsOf(document)
    .filter(({ path }) => path.startsWith("thresholds."))
    .map(({ path, value }) => {
      const risk = path.replace("thresholds.", "");
      return { at: value, opens: OPENS[risk] ?? risk };
    })
    .sort((one, other) => one.at - other.at);
}

export interface Difference {
  readonly path: string;
  /** Null where the one has no such setting. */
  readonly before: number | null;
  readonly after: number | null;
}

/** What the second changes of the first. */
export function differences(before: Document, after: Document): Difference[] {
  const was = new Map(settingsOf(before).map(({ path, value }) => [path, value]));
  const is = new Map(settingsOf(after).map(({ path, value }) => [path, value]));
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((path) => ({ path, before: was.get(path) ?? null, after: is.get(path) ?? null }))
    .filter(({ before: one, after: other }) => one !== other);
}

/**
 * The document with some settings written anew, as the API takes it: only what changed, a group whole, since a group
 * that is sent replaces the one in force.
 */
export function changedDocument(current: Document, written: ReadonlyMap<string, number>): Document {
  const changed: Record<string, unknown> = {};
  for (const { path, value } of settingsOf(current)) {
    const wanted = written.get(path);
    if (wanted === undefined || wanted === value) continue;
    const [name = path, part] = path.split(".");
    if (part === undefined) changed[name] = wanted;
    else
      changed[name] = {
        ...(current[name] as object),
        ...(changed[name] as object | undefined),
        [part]: wanted,
      };
  }
  return changed;
}

/** The weights add up to 1 or the policy is refused; told before it is sent. */
export function weightsSum(document: Document): number {
  return settingsOf(document)
    .filter(({ path }) => path.startsWith("weights."))
    .reduce((sum, { value }) => sum + value, 0);
}

interface Told {
  readonly label: string;
  readonly hint?: string;
}

const TOLD: Readonly<Record<string, Told>> = {
  cdp_weight: {
    label: "Weight of first-party data quality",
    hint: "Joins the others, scaling them down, with a CDP.",
  },
  dead_cap: { label: "A dead signal caps the score at" },
  hold_from: { label: "HOLD from", hint: "Under what an action needs: HOLD from here up, BLOCK below." },
  coverage_hold: { label: "Coverage under which it is HOLD at best", hint: "A share of 1." },
  coverage_block: { label: "Coverage under which it is BLOCK", hint: "A share of 1." },
  stale_after_hours: { label: "Stale after, hours" },
  score_ttl_minutes: { label: "A score is good for, minutes" },
  rise_after: { label: "Healthy evaluations before a mode rises" },
  absent_raise_pct: { label: "Raise a day without a source, % at most" },
  automation_after_conversions: { label: "Conversions before automation may raise" },
  fx_max_age_hours: { label: "Exchange rates are good for, hours" },
};

export function toldOf(path: string): Told {
  const [name = path, part] = path.split(".");
  return TOLD[path] ?? { label: words(part ?? name) };
}

interface Group {
  readonly title: string;
  readonly hint: string;
  readonly settings: readonly Setting[];
}

const GROUPS = [
  { name: "weights", title: "Weights", hint: "How much each component counts. They add up to 1." },
  { name: "floors", title: "Critical floors", hint: "At or under its floor a component is dead." },
  { name: "thresholds", title: "What a change needs", hint: "The score that each class of risk asks for." },
] as const;

/** The settings as people look for them; a group that we do not know stands with the rest. */
export function grouped(document: Document): Group[] {
  const settings = settingsOf(document);
  const known = GROUPS.map(({ name, title, hint }) => ({
    title,
    hint,
    settings: settings.filter(({ path }) => path.startsWith(`${name}.`)),
  }));
  const rest = settings.filter(({ path }) => !GROUPS.some(({ name }) => path.startsWith(`${name}.`)));
  return [...known, { title: "Limits and times", hint: "", settings: rest }].filter(
    (group) => group.settings.length > 0,
  );
}

/** A difference as a sentence would name it: "Weights: EMQ". */
export function nameOf(path: string): string {
  const [name = path, part] = path.split(".");
  const group = GROUPS.find((each) => each.name === name);
  if (part === undefined) return toldOf(path).label;
  return `${group?.title ?? words(name)}: ${words(part)}`;
}

export const figure = (value: number | null): string => (value === null ? "—" : number(value));
