import type { CampaignOffer, CampaignPlan, DraftStatus, PublishOutcome } from "@/api/types";
import type { Tone } from "@/design/status";
import { amount, micros } from "@/format/money";

type PlanAd = NonNullable<AdSet["ads"]>[number];
export type CallToAction = NonNullable<PlanAd["call_to_action"]>;

export interface AdFields {
  readonly name: string;
  readonly headline: string;
  readonly body: string;
  readonly callToAction: CallToAction | "";
  readonly landingUrl: string;
  readonly asset: string | null;
}

/** An ad set as it stands in the form: all that is typed is text. */
export interface AdSetFields {
  readonly name: string;
  readonly countries: string;
  readonly ageMin: string;
  readonly ageMax: string;
  readonly budget: string;
  readonly assets: readonly string[];
  readonly ads: readonly AdFields[];
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
  readonly page: string;
  readonly brand: string;
  readonly logo: string | null;
  readonly assets: readonly string[];
}

export const NEW_AD_SET: AdSetFields = {
  name: "",
  countries: "",
  ageMin: "",
  ageMax: "",
  budget: "",
  assets: [],
  ads: [],
};

export const NEW_AD: AdFields = {
  name: "",
  headline: "",
  body: "",
  callToAction: "",
  landingUrl: "",
  asset: null,
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
  ads: (adSet.ads ?? []).map(adFields),
});

const adFields = (ad: PlanAd): AdFields => ({
  name: ad.name,
  headline: ad.headline,
  body: ad.body,
  callToAction: ad.call_to_action ?? "",
  landingUrl: ad.landing_url,
  asset: ad.asset ?? null,
});

const identityFields = (identity: CampaignPlan["identity"]) => ({
  page: identity?.page ?? "",
  brand: identity?.brand ?? "",
  logo: identity?.logo ?? null,
});

const planAd = (ad: AdFields): PlanAd => ({
  name: ad.name.trim(),
  headline: ad.headline.trim(),
  body: ad.body.trim(),
  call_to_action: ad.callToAction === "" ? null : ad.callToAction,
  landing_url: ad.landingUrl.trim(),
  asset: ad.asset,
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
    ...identityFields(plan.identity),
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
      ads: each.ads.map(planAd),
    })),
    identity: { page: fields.page.trim(), brand: fields.brand.trim(), logo: fields.logo },
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
  removed: ["muted", "Taken away again"],
};

/** How long a text may be there, in words. */
export function most(
  offer: CampaignOffer["ads"] | undefined,
  length?: number,
  oneLine = false,
): string | undefined {
  if (offer == null || length === undefined || length === 0) return undefined;
  const wide = offer.counts_width ? "; a letter such as 字 counts twice" : "";
  return `At most ${length} characters${wide}${oneLine ? "; one line" : ""}.`;
}

/** What a button says, in its platform's own words or nearly so. */
export const BUTTONS: Readonly<Record<CallToAction, string>> = {
  shop_now: "Shop now",
  learn_more: "Learn more",
  sign_up: "Sign up",
  subscribe: "Subscribe",
  book_now: "Book now",
  contact_us: "Contact us",
  download: "Download",
  get_offer: "Get offer",
  get_quote: "Get quote",
  apply_now: "Apply now",
  order_now: "Order now",
};

/** `campaign`, `ad_sets.0`, `ad_sets.0.ads.1.creative`, `images.…`, as people count. */
export function partWords(part: string): string {
  if (part.startsWith("images.")) return "Image";
  const [, place, ad, creative] = /^ad_sets\.(\d+)(?:\.ads\.(\d+)(\.creative)?)?$/.exec(part) ?? [];
  if (place === undefined) return "Campaign";
  const adSet = `d set ${Number(place) + 1}`;
  if (ad === undefined) return `A${adSet}`;
  return `${creative === undefined ? "Ad" : "Creative of ad"} ${Number(ad) + 1} of a${adSet}`;
}
