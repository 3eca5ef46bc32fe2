import type { components } from "@/api/schema";
import type { Label } from "@/api/types";

type Schemas = components["schemas"];

export type Definition = Schemas["RuleDefinition"];
export type Node = Definition["condition"];
export type Group = Extract<Node, { readonly kind: "all" | "any" }>;
export type Leaf = Exclude<Node, { readonly kind: "all" | "any" | "not" }>;
export type MetricTest = Schemas["MetricTest"];
export type Metric = Schemas["Metric"];
export type Window = NonNullable<MetricTest["window"]>;
export type Than = MetricTest["than"];
export type Comparison = MetricTest["op"];
export type Action = Definition["actions"][number];
export type ActionKind = Action["kind"];
export type LeafKind = Leaf["kind"];
export type Schedule = Schemas["RuleSchedule"];

export const METRICS: Readonly<Record<Metric, string>> = {
  spend: "spend",
  impressions: "impressions",
  clicks: "clicks",
  conversions: "conversions",
  value: "conversion value",
  ctr: "CTR",
  cpc: "CPC",
  cpm: "CPM",
  cvr: "conversion rate",
  cpa: "CPA",
  roas: "ROAS",
  daily_budget: "daily budget",
};

export const PLATFORM_WORDS = {
  meta: "Meta",
  google: "Google",
  tiktok: "TikTok",
  snapchat: "Snapchat",
} as const;

/** Those that are summed over days: all but what a campaign has now. */
export const SUMMED: Readonly<Partial<Record<Metric, string>>> = Object.fromEntries(
  Object.entries(METRICS).filter(([metric]) => metric !== "daily_budget"),
);

const MONEY: ReadonlySet<string> = new Set<Metric>(["spend", "value", "cpc", "cpm", "cpa", "daily_budget"]);

export const isMoney = (metric: string): boolean => MONEY.has(metric);

export const COMPARISONS: Readonly<Record<Comparison, string>> = {
  more_than: "is more than",
  at_least: "is at least",
  less_than: "is less than",
  at_most: "is at most",
  equals: "is exactly",
};

/** Windows as they are chosen: a key stands for one. */
const WINDOWS = {
  today: { kind: "today" },
  yesterday: { kind: "yesterday" },
  last3: { kind: "last", days: 3, settled: false },
  last7: { kind: "last", days: 7, settled: false },
  last14: { kind: "last", days: 14, settled: false },
  last30: { kind: "last", days: 30, settled: false },
  settled3: { kind: "last", days: 3, settled: true },
  settled7: { kind: "last", days: 7, settled: true },
  settled14: { kind: "last", days: 14, settled: true },
  settled30: { kind: "last", days: 30, settled: true },
  lifetime: { kind: "lifetime", settled: false },
  settledLifetime: { kind: "lifetime", settled: true },
} as const satisfies Record<string, Window>;

export type WindowKey = keyof typeof WINDOWS;

export const WINDOW_WORDS: Readonly<Record<WindowKey, string>> = {
  today: "today so far",
  yesterday: "yesterday",
  last3: "the last 3 days",
  last7: "the last 7 days",
  last14: "the last 14 days",
  last30: "the last 30 days",
  settled3: "the last 3 settled days",
  settled7: "the last 7 settled days",
  settled14: "the last 14 settled days",
  settled30: "the last 30 settled days",
  lifetime: "its lifetime",
  settledLifetime: "its settled lifetime",
};

export const windowOf = (key: WindowKey): Window => WINDOWS[key];

export function keyOf(window: Window): WindowKey {
  switch (window.kind) {
    case "today":
    case "yesterday":
      return window.kind;
    case "last":
      return `${window.settled ? "settled" : "last"}${window.days}`;
    case "lifetime":
      return window.settled ? "settledLifetime" : "lifetime";
  }
}

export const LEAVES: Readonly<Record<LeafKind, string>> = {
  metric: "A figure",
  change: "A change of a figure",
  rank: "A rank",
  platform: "The platform",
  name: "The name",
  label: "A label",
};

/** A new condition of a kind, as good as it can be before anybody fills it in. */
export function blank(kind: LeafKind, currency: string): Leaf {
  const window = windowOf("settled7");
  switch (kind) {
    case "metric":
      return {
        kind,
        metric: "spend",
        window,
        op: "at_least",
        than: { kind: "money", micros: 100_000_000, currency },
      };
    case "change":
      return {
        kind,
        metric: "ctr",
        window: windowOf("last3"),
        base: windowOf("last14"),
        op: "at_most",
        percent: "-20",
      };
    case "rank":
      return { kind, metric: "roas", window, end: "bottom", count: 3, currency: null };
    case "platform":
      return { kind, one_of: ["meta"] };
    case "name":
      return { kind, op: "contains", text: "" };
    case "label":
      return { kind, label_id: "" };
  }
}

/** Another metric in its place: what it is compared with follows, where it is of another unit. */
export function withMetric(leaf: MetricTest, metric: Metric, currency: string): MetricTest {
  const window = metric === "daily_budget" ? null : (leaf.window ?? windowOf("settled7"));
  return isMoney(metric) === isMoney(leaf.metric)
    ? { ...leaf, metric, window }
    : { ...leaf, metric, window, than: plainThan(metric, currency) };
}

export function plainThan(metric: Metric, currency: string): Than {
  return isMoney(metric) ? { kind: "money", micros: 100_000_000, currency } : { kind: "number", value: "1" };
}

export const ACTIONS: Readonly<Record<ActionKind, string>> = {
  pause: "Pause it",
  enable: "Enable it",
  budget_percent: "Change its budget by per cent",
  budget_amount: "Change its budget by an amount",
  set_budget: "Set its budget",
  label: "Label it",
  notify: "Tell people",
};

export function blankAction(kind: ActionKind, currency: string): Action {
  switch (kind) {
    case "pause":
    case "enable":
      return { kind };
    case "budget_percent":
      return { kind, percent: "10", bounds: null };
    case "budget_amount":
      return { kind, micros: 10_000_000, currency, bounds: null };
    case "set_budget":
      return { kind, micros: 50_000_000, currency };
    case "label":
      return { kind, label_id: "", off: false };
    case "notify":
      return { kind, message: "" };
  }
}

export function blankDefinition(currency: string): Definition {
  return {
    scope: {
      level: "campaign",
      statuses: ["active", "paused"],
      platforms: [],
      ad_account_ids: [],
      label_ids: [],
    },
    condition: { kind: "all", of: [blank("metric", currency)] },
    minimum_maturity: "0.95",
    actions: [{ kind: "pause" }],
  };
}

/** A tree whose root is a group, so that something can be added to it. */
export function rooted(node: Node): Group {
  return node.kind === "all" || node.kind === "any" ? node : { kind: "all", of: [node] };
}

/** What of a definition is still open; null where it can be asked. */
export function openPart({ scope, condition, actions }: Definition): string | null {
  if (scope.statuses.length === 0) return "Say whether it looks at active or paused campaigns.";
  const open = openNode(condition);
  if (open !== null) return open;
  if (actions.length === 0) return "Say what is done.";
  return actions.some((each) => each.kind === "label" && each.label_id === "") ? "Choose a label." : null;
}

/** What of a schedule is still open; null where it can be kept. */
export function openSchedule({ parts }: Schedule): string | null {
  if (parts.some((each) => each.days.length === 0)) return "Choose a day for each part of the week.";
  // Times of a day as `hh:mm` are ordered as text.
  return parts.some((each) => each.since === "" || each.since >= each.until)
    ? "A part of the day ends after it begins: make two of what goes past midnight."
    : null;
}

function openNode(node: Node): string | null {
  if (node.kind === "not") return openNode(node.of);
  if (node.kind === "all" || node.kind === "any") {
    if (node.of.length === 0) return "Add a condition.";
    return node.of.map(openNode).find((each) => each !== null) ?? null;
  }
  if (node.kind === "name" && node.text === "") return "Say what the name is to hold.";
  if (node.kind === "label" && node.label_id === "") return "Choose a label.";
  if (node.kind === "platform" && node.one_of.length === 0) return "Choose a platform.";
  return null;
}

/** What every part of a rule needs to be edited. */
export interface Known {
  readonly currency: string;
  readonly labels: readonly Label[];
}
