import { blank, type Condition, type EventCondition, type Rule } from "./conditions";

/**
 * A rule while it is built: conditions and groups, each with a key of its own and, instead of a `not` around it, a mark
 * that it must not hold.
 */
export interface Group {
  readonly key: string;
  readonly kind: "group";
  readonly join: "all" | "any";
  readonly negated: boolean;
  readonly of: readonly Part[];
}

export interface Leaf {
  readonly key: string;
  readonly kind: "leaf";
  readonly negated: boolean;
  readonly condition: Condition;
}

export type Part = Group | Leaf;

/** What the API takes at most. */
export const MOST_LEVELS = 6;
export const MOST_CONDITIONS = 40;
export const MOST_OF_A_GROUP = 20;

let made = 0;

function newKey(): string {
  made += 1;
  return `part-${made}`;
}

export function leafOf(condition: Condition, negated = false): Leaf {
  return { key: newKey(), kind: "leaf", negated, condition };
}

export function groupOf(of: readonly Part[], join: Group["join"] = "all", negated = false): Group {
  return { key: newKey(), kind: "group", join, negated, of };
}

export function emptyTree(): Group {
  return groupOf([]);
}

/** From the API's rule. A rule that is one condition, or that as a whole must not hold, gets a group around it. */
export function fromRule(rule: Rule): Group {
  const part = partOf(rule, false);
  return part.kind === "group" && !part.negated ? part : groupOf([part]);
}

type RuleGroup = Extract<Rule, { readonly kind: "all" | "any" }>;

function isGroup(rule: Rule): rule is RuleGroup {
  return rule.kind === "all" || rule.kind === "any";
}

function partOf(rule: Rule, negated: boolean): Part {
  if (rule.kind === "not") return partOf(rule.of, !negated);
  if (!isGroup(rule)) return leafOf(completed(rule), negated);
  return groupOf(
    rule.of.map((each) => partOf(each, false)),
    rule.kind,
    negated,
  );
}

/** What the API may leave out of an event's condition. */
function completed(condition: Condition): Condition {
  if (condition.kind !== "event") return condition;
  if ("where" in condition && "window" in condition && "test" in condition) return condition;
  const given: Partial<EventCondition> = condition;
  return { kind: "event", event: "", where: [], window: null, test: { op: "did" }, ...given };
}

export interface Written {
  readonly rule: Rule;
  /** Which part stands at which place of the rule: `of.0.of` → its key. */
  readonly places: ReadonlyMap<string, string>;
}

/** To the API's rule; null where nothing is in it, or a group is empty. */
export function toRule(root: Group): Written | null {
  const places = new Map<string, string>();
  const rule = ruleOf(root, "", places);
  return rule === null ? null : { rule, places };
}

function ruleOf(part: Part, place: string, places: Map<string, string>): Rule | null {
  places.set(place, part.key);
  if (part.negated) {
    const inner = ruleOf({ ...part, negated: false }, joined(place, "of"), places);
    return inner === null ? null : { kind: "not", of: inner };
  }
  if (part.kind === "leaf") return part.condition;
  const of: Rule[] = [];
  for (const [index, each] of part.of.entries()) {
    const inner = ruleOf(each, joined(place, `of.${index}`), places);
    if (inner === null) return null;
    of.push(inner);
  }
  return of.length === 0 ? null : { kind: part.join, of };
}

function joined(place: string, step: string): string {
  return place === "" ? step : `${place}.${step}`;
}

/** Each fault beside the part that it names: `rule.of.1.where.0.property`, with or without the kinds between. */
export function faultsByPart(
  fields: Readonly<Record<string, string>>,
  places: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const faults = new Map<string, string>();
  for (const [field, message] of Object.entries(fields)) {
    if (field !== "rule" && !field.startsWith("rule.")) continue;
    const key = partAt(field.split(".").slice(1), places);
    if (key !== undefined && !faults.has(key)) faults.set(key, message);
  }
  return faults;
}

/** The deepest part on the way; steps that are no place (a kind's name, a member's) are passed over. */
function partAt(steps: readonly string[], places: ReadonlyMap<string, string>): string | undefined {
  let place = "";
  for (let index = 0; index < steps.length; index += 1) {
    if (steps[index] !== "of") continue;
    const numbered = joined(place, `of.${steps[index + 1] ?? ""}`);
    const plain = joined(place, "of");
    if (places.has(numbered)) place = numbered;
    else if (places.has(plain)) place = plain;
  }
  return places.get(place);
}

export function find(root: Group, key: string): Part | undefined {
  if (root.key === key) return root;
  for (const each of root.of) {
    const found = each.key === key ? each : each.kind === "group" ? find(each, key) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

export function parentOf(root: Group, key: string): Group | undefined {
  if (root.of.some((each) => each.key === key)) return root;
  for (const each of root.of) {
    const found = each.kind === "group" ? parentOf(each, key) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function mapped(part: Part, key: string, change: (part: Part) => Part): Part {
  if (part.key === key) return change(part);
  if (part.kind === "leaf") return part;
  const of = part.of.map((each) => mapped(each, key, change));
  return of.every((each, index) => each === part.of[index]) ? part : { ...part, of };
}

function changed(root: Group, key: string, change: (part: Part) => Part): Group {
  const next = mapped(root, key, change);
  return next.kind === "group" ? next : root;
}

function changedGroup(root: Group, key: string, change: (group: Group) => Group): Group {
  return changed(root, key, (part) => (part.kind === "group" ? change(part) : part));
}

export function withCondition(root: Group, key: string, condition: Condition): Group {
  return changed(root, key, (part) => (part.kind === "leaf" ? { ...part, condition } : part));
}

export function withNegated(root: Group, key: string, negated: boolean): Group {
  return changed(root, key, (part) => ({ ...part, negated }));
}

export function withJoin(root: Group, key: string, join: Group["join"]): Group {
  return changedGroup(root, key, (group) => ({ ...group, join }));
}

/** With one more part at the end of a group. */
export function added(root: Group, groupKey: string, part: Part): Group {
  return changedGroup(root, groupKey, (group) => ({ ...group, of: [...group.of, part] }));
}

/** Without a part; a group below the root that is emptied by it goes too. */
export function removed(root: Group, key: string): Group {
  const parent = parentOf(root, key);
  if (parent === undefined) return root;
  if (parent.of.length === 1 && parent.key !== root.key) return removed(root, parent.key);
  return changedGroup(root, parent.key, (group) => ({
    ...group,
    of: group.of.filter((each) => each.key !== key),
  }));
}

/** A copy after the part, with keys of its own. */
export function duplicated(root: Group, key: string): Group {
  const part = find(root, key);
  const parent = parentOf(root, key);
  if (part === undefined || parent === undefined) return root;
  return changedGroup(root, parent.key, (group) => ({
    ...group,
    of: group.of.flatMap((each) => (each.key === key ? [each, copied(part)] : [each])),
  }));
}

function copied(part: Part): Part {
  if (part.kind === "leaf") return { ...part, key: newKey() };
  return { ...part, key: newKey(), of: part.of.map(copied) };
}

export type Move = "up" | "down" | "in" | "out";

/**
 * Moves a part: up and down among its neighbours, `in`to the group before it (or, where there is none, into one of its
 * own), `out` behind the group that it is in.
 */
export function moved(root: Group, key: string, move: Move): Group {
  const part = find(root, key);
  const parent = parentOf(root, key);
  if (part === undefined || parent === undefined) return root;
  if (move === "out") return movedOut(root, parent, part);
  const at = parent.of.findIndex((each) => each.key === key);
  if (move === "in") return movedIn(root, parent, at, part);
  const to = move === "up" ? at - 1 : at + 1;
  if (to < 0 || to >= parent.of.length) return root;
  const of = parent.of.filter((each) => each.key !== key);
  return changedGroup(root, parent.key, (group) => ({ ...group, of: of.toSpliced(to, 0, part) }));
}

function movedIn(root: Group, parent: Group, at: number, part: Part): Group {
  const before = parent.of[at - 1];
  const of =
    before?.kind === "group"
      ? parent.of.toSpliced(at - 1, 2, { ...before, of: [...before.of, part] })
      : parent.of.toSpliced(at, 1, groupOf([part], parent.join === "all" ? "any" : "all"));
  return changedGroup(root, parent.key, (group) => ({ ...group, of }));
}

function movedOut(root: Group, parent: Group, part: Part): Group {
  const above = parentOf(root, parent.key);
  if (above === undefined) return root;
  const without = removed(root, part.key);
  // The emptied group is gone with it: then the part takes its place.
  const at = above.of.findIndex((each) => each.key === parent.key) + (parent.of.length === 1 ? 0 : 1);
  return changedGroup(without, above.key, (group) => ({ ...group, of: group.of.toSpliced(at, 0, part) }));
}

/** Which moves change something. */
export function movesOf(root: Group, key: string): ReadonlySet<Move> {
  const parent = parentOf(root, key);
  const moves = new Set<Move>();
  if (parent === undefined) return moves;
  const at = parent.of.findIndex((each) => each.key === key);
  if (at > 0) moves.add("up");
  if (at < parent.of.length - 1) moves.add("down");
  if (parent.key !== root.key) moves.add("out");
  const alone = parent.of.length === 1;
  if (!alone && levels(moved(root, key, "in")) <= MOST_LEVELS) moves.add("in");
  return moves;
}

/** How deep the rule is as the API counts it: groups, conditions and every `not`. */
export function levels(part: Part): number {
  const own = part.negated ? 2 : 1;
  return part.kind === "leaf" ? own : own + Math.max(0, ...part.of.map(levels));
}

export function conditionsOf(part: Part): readonly Leaf[] {
  return part.kind === "leaf" ? [part] : part.of.flatMap(conditionsOf);
}

/** Whether a group may take one more condition, or with `depth` 2 a group with one. */
export function hasRoom(root: Group, groupKey: string, depth: 1 | 2 = 1): boolean {
  const group = find(root, groupKey);
  if (group?.kind !== "group" || group.of.length >= MOST_OF_A_GROUP) return false;
  if (conditionsOf(root).length >= MOST_CONDITIONS) return false;
  const leaf = leafOf(blank("has"));
  return levels(added(root, groupKey, depth === 1 ? leaf : groupOf([leaf]))) <= MOST_LEVELS;
}
