import { money } from "@/format/money";
import { plural } from "@/format/words";
import {
  type Action,
  COMPARISONS,
  type Definition,
  type Group,
  isMoney,
  keyOf,
  type Leaf,
  METRICS,
  type Node,
  PLATFORM_WORDS,
  type Schedule,
  type Than,
  type Window,
  WINDOW_WORDS,
} from "./definition";

const over = (window: Window | null | undefined): string =>
  window === null || window === undefined ? "" : ` of ${WINDOW_WORDS[keyOf(window)]}`;

function bound(than: Than): string {
  if (than.kind === "money") return money(than.micros, than.currency);
  if (than.kind === "number") return String(than.value);
  const times = Number(than.times) === 1 ? "" : `${Number(than.times)} times `;
  return `${times}the ${METRICS[than.metric]}${over(than.window)}`;
}

/** A condition in words; labels are named by who knows them. */
export function conditionInWords(leaf: Leaf, labelName: (id: string) => string): string {
  switch (leaf.kind) {
    case "metric":
      return `The ${METRICS[leaf.metric]}${over(leaf.window)} ${COMPARISONS[leaf.op]} ${bound(leaf.than)}`;
    case "change":
      return `The ${METRICS[leaf.metric]}${over(leaf.window)} has changed against that${over(leaf.base)}, in per cent: ${COMPARISONS[leaf.op]} ${Number(leaf.percent)}`;
    case "rank": {
      const end = leaf.end === "top" ? "highest" : "lowest";
      const among =
        leaf.currency === null || leaf.currency === undefined ? "" : ` among those in ${leaf.currency}`;
      return `It is one of the ${leaf.count} with the ${end} ${METRICS[leaf.metric]}${over(leaf.window)}${among}`;
    }
    case "platform":
      return `It runs at ${leaf.one_of.join(" or ")}`;
    case "name":
      return `Its name ${leaf.op === "is" ? "is" : leaf.op === "contains" ? "contains" : "starts with"} “${leaf.text}”`;
    case "label":
      return `It bears the label “${labelName(leaf.label_id)}”`;
  }
}

export const JOINS: Readonly<Record<Group["kind"], string>> = {
  all: "All of these hold",
  any: "One of these holds",
};

export function isGroup(node: Node): node is Group {
  return node.kind === "all" || node.kind === "any";
}

export function actionInWords(action: Action, labelName: (id: string) => string): string {
  switch (action.kind) {
    case "pause":
      return "Pause it";
    case "enable":
      return "Enable it";
    case "budget_percent": {
      const by = Number(action.percent);
      return `${by > 0 ? "Raise" : "Cut"} its daily budget by ${Math.abs(by)} %${bounds(action.bounds)}`;
    }
    case "budget_amount": {
      const way = action.micros > 0 ? "Raise" : "Cut";
      return `${way} its daily budget by ${money(Math.abs(action.micros), action.currency)}${bounds(action.bounds)}`;
    }
    case "set_budget":
      return `Set its daily budget to ${money(action.micros, action.currency)}`;
    case "label":
      return `${action.off ? "Take off" : "Put on"} the label “${labelName(action.label_id)}”`;
    case "notify":
      return action.message === "" ? "Tell people" : `Tell people: ${action.message}`;
  }
}

type Bounds = Extract<Action, { readonly kind: "budget_percent" }>["bounds"];

function bounds(kept: Bounds): string {
  if (kept === null || kept === undefined) return "";
  const said = [];
  if (kept.floor_micros !== null && kept.floor_micros !== undefined)
    said.push(`not under ${money(kept.floor_micros, kept.currency)}`);
  if (kept.ceiling_micros !== null && kept.ceiling_micros !== undefined)
    said.push(`not over ${money(kept.ceiling_micros, kept.currency)}`);
  return `, ${said.join(" and ")}`;
}

export function scheduleInWords({ every_minutes, at, timezone, parts }: Schedule): string {
  const often =
    every_minutes === 1440
      ? `Once a day at ${at}`
      : every_minutes < 60
        ? `Every ${every_minutes} minutes`
        : every_minutes === 60
          ? "Every hour"
          : `Every ${plural(every_minutes / 60, "hour")}`;
  const within = parts.length === 0 ? "" : `, only ${parts.map(partInWords).join(" and ")}`;
  const from = every_minutes === 1440 || at === "00:00" ? "" : ` from ${at} on`;
  return `${often}${from}${within}, ${timezone}`;
}

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** `Mon–Fri 08:00 to 18:00`; days that do not follow each other are named one by one. */
function partInWords({ days, since, until }: Schedule["parts"][number]): string {
  const [first = 0, ...others] = [...days].sort((one, other) => one - other);
  const last = others.at(-1);
  const runs = last !== undefined && others.length > 1 && last - first === others.length;
  const named = runs
    ? `${DAYS[first]}–${DAYS[last]}`
    : [first, ...others].map((each) => DAYS[each]).join(", ");
  return `${named} ${since} to ${until}`;
}

/** The set in words; null where it is every campaign. */
export function scopeInWords(
  { statuses, platforms, ad_account_ids, label_ids }: Definition["scope"],
  accountName: (id: string) => string,
  labelName: (id: string) => string,
): string | null {
  const said = [
    statuses.length === 1 ? `${statuses[0]} ones` : null,
    platforms.length > 0 ? `of ${listed(platforms.map((each) => PLATFORM_WORDS[each]))}` : null,
    ad_account_ids.length > 0 ? `in ${listed(ad_account_ids.map(accountName))}` : null,
    label_ids.length > 0 ? `labelled ${listed(label_ids.map((each) => `“${labelName(each)}”`))}` : null,
  ].filter((each) => each !== null);
  return said.length === 0 ? null : `Only ${said.join(", ")}`;
}

const listed = (names: readonly string[]): string => names.join(" or ");

/** A figure that a rule has read. */
export function figureInWords(metric: string, value: number, currency: string): string {
  if (isMoney(metric)) return money(value, currency);
  if (metric === "ctr" || metric === "cvr") return `${(value * 100).toFixed(2)} %`;
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}
