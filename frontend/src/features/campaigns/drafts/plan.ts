import type { CampaignPlan, DraftStatus, PublishOutcome } from "@/api/types";
import type { Tone } from "@/design/status";
import { amount, micros } from "@/format/money";

/** An ad set as it stands in the form: all that is typed is text. */
export interface AdSetFields {
  readonly name: string;
  readonly countries: string;
  readonly ageMin: string;
  readonly ageMax: string;
  readonly budget: string;
  readonly assets: readonly string[];
}

export interface PlanFields {
  readonly name: string;
  readonly objective: NonNullable<CampaignPlan["objective"]> | "";
  readonly level: "campaign" | "ad_set";
  readonly kind: "daily" | "lifetime";
  readonly budget: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly strategy: "lowest_cost" | "cost_cap" | "bid_cap";
  readonly bid: string;
  readonly adSets: readonly AdSetFields[];
  readonly assets: readonly string[];
}

export const NEW_AD_SET: AdSetFields = {
  name: "",
  countries: "",
  ageMin: "",
  ageMax: "",
  budget: "",
  assets: [],
};

const shown = (value: number | null | undefined, currency: string) =>
  value === null || value === undefined ? "" : amount(value, currency);

/** A time without seconds, as a field of the browser takes it. */
const local = (time: string | null | undefined) => (time ?? "").slice(0, 16);

type AdSet = NonNullable<CampaignPlan["ad_sets"]>[number];

const adSetFields = (adSet: AdSet, currency: string): AdSetFields => ({
  name: adSet.name,
  countries: (adSet.countries ?? []).join(", "),
  ageMin: adSet.age_min?.toString() ?? "",
  ageMax: adSet.age_max?.toString() ?? "",
  budget: shown(adSet.budget_micros, currency),
  assets: adSet.assets ?? [],
});

const NO_BUDGET: NonNullable<CampaignPlan["budget"]> = { level: "campaign", kind: "daily" };
const NO_BID: NonNullable<CampaignPlan["bid"]> = { strategy: "lowest_cost" };

export function fieldsFrom(plan: CampaignPlan, currency: string): PlanFields {
  const { level, kind, amount_micros: budget } = plan.budget ?? NO_BUDGET;
  const { strategy, amount_micros: bid } = plan.bid ?? NO_BID;
  return {
    name: plan.name,
    objective: plan.objective ?? "",
    level,
    kind,
    budget: shown(budget, currency),
    startsAt: local(plan.schedule?.starts_at),
    endsAt: local(plan.schedule?.ends_at),
    strategy,
    bid: shown(bid, currency),
    adSets: (plan.ad_sets ?? []).map((each) => adSetFields(each, currency)),
    assets: plan.assets ?? [],
  };
}

/** Faults of what was typed, by the path that the API would name: what is no amount cannot even be sent. */
export type Typed =
  | { readonly plan: CampaignPlan; readonly faults: null }
  | { readonly plan: null; readonly faults: Readonly<Record<string, string>> };

export function planFrom(fields: PlanFields, currency: string): Typed {
  const faults: Record<string, string> = {};
  const money = (path: string, text: string): number | null => {
    if (text.trim() === "") return null;
    const found = micros(text, currency);
    if (found === null || found === 0) faults[path] = `Write an amount in ${currency}.`;
    return found;
  };
  const age = (path: string, text: string): number | null => {
    if (text.trim() === "") return null;
    const found = Number(text);
    if (!Number.isInteger(found) || found < 13 || found > 65) faults[path] = "An age from 13 to 65.";
    return found;
  };
  const countries = (path: string, text: string): string[] => {
    const found = text
      .toUpperCase()
      .split(/[\s,;]+/)
      .filter((each) => each !== "");
    const wrong = found.filter((each) => !/^[A-Z]{2}$/.test(each));
    if (wrong.length > 0) faults[path] = `Two letters for each country; not ${wrong.join(", ")}.`;
    return [...new Set(found)];
  };
  const plan: CampaignPlan = {
    name: fields.name.trim(),
    objective: fields.objective === "" ? null : fields.objective,
    budget: {
      level: fields.level,
      kind: fields.kind,
      amount_micros: fields.level === "ad_set" ? null : money("plan.budget.amount_micros", fields.budget),
    },
    schedule: {
      starts_at: fields.startsAt === "" ? null : fields.startsAt,
      ends_at: fields.endsAt === "" ? null : fields.endsAt,
    },
    bid: {
      strategy: fields.strategy,
      amount_micros: fields.strategy === "lowest_cost" ? null : money("plan.bid.amount_micros", fields.bid),
    },
    ad_sets: fields.adSets.map((each, place) => ({
      name: each.name.trim(),
      countries: countries(`plan.ad_sets.${place}.countries`, each.countries),
      age_min: age(`plan.ad_sets.${place}.age_min`, each.ageMin),
      age_max: age(`plan.ad_sets.${place}.age_max`, each.ageMax),
      budget_micros:
        fields.level === "ad_set" ? money(`plan.ad_sets.${place}.budget_micros`, each.budget) : null,
      assets: [...each.assets],
    })),
    assets: [...fields.assets],
  };
  return Object.keys(faults).length > 0 ? { plan: null, faults } : { plan, faults: null };
}

export const OBJECTIVES: Readonly<Record<NonNullable<CampaignPlan["objective"]>, string>> = {
  sales: "Sales",
  leads: "Leads",
  traffic: "Traffic",
  awareness: "Awareness",
};

export const LEVELS: Readonly<Record<PlanFields["level"], string>> = {
  campaign: "The campaign",
  ad_set: "Each ad set",
};

export const STRATEGIES: Readonly<Record<PlanFields["strategy"], string>> = {
  lowest_cost: "Lowest cost",
  cost_cap: "Cost cap",
  bid_cap: "Bid cap",
};

export const DRAFT_TONES: Readonly<Record<DraftStatus, Tone>> = {
  draft: "muted",
  submitted: "hold",
  rejected: "block",
  approved: "accent",
  publishing: "accent",
  published: "pass",
  failed: "block",
};

export const OUTCOMES: Readonly<Record<PublishOutcome, readonly [Tone, string]>> = {
  started: ["accent", "Let pass by the gate"],
  created: ["accent", "Created"],
  found: ["accent", "Found there"],
  verified: ["pass", "Read back"],
  refused: ["block", "Refused by the gate"],
  retried: ["hold", "To be tried again"],
  failed: ["block", "Failed"],
  left_paused: ["hold", "Left paused"],
};

/** `campaign`, or `ad_sets.0`, as people count. */
export function partWords(part: string): string {
  const place = /^ad_sets\.(\d+)$/.exec(part)?.[1];
  return place === undefined ? "Campaign" : `Ad set ${Number(place) + 1}`;
}
