import type { IdentityGraph, IdentityLink } from "@/api/types";

/** From the strongest to the weakest: each type has rows of its own, from above. */
export const TYPES = ["user_id", "email", "phone", "device_id", "anonymous_id", "match_key"] as const;

/** More would be no drawing any more; the table has all of them. */
export const MOST_NODES = 60;

const MARGIN = 24;
const NODE_WIDTH = 116;
const ROW_HEIGHT = 88;
const TOP = 44;

export type LinkState = "joined" | "refused" | "apart" | "undone";

export interface GraphNode {
  readonly key: string;
  readonly type: string;
  /** Empty where it is another person's, whose identifiers are not read here. */
  readonly value: string;
  /** The other person whose it is; null where it is this person's. */
  readonly owner: string | null;
  readonly x: number;
  readonly y: number;
}

/** Everything that was asserted of two identifiers. */
export interface GraphPair {
  readonly id: string;
  readonly a: GraphNode;
  readonly b: GraphNode;
  readonly state: LinkState;
  readonly links: readonly IdentityLink[];
}

export interface Drawing {
  readonly nodes: readonly GraphNode[];
  readonly pairs: readonly GraphPair[];
  readonly height: number;
  /** Identifiers that found no place. */
  readonly left: number;
}

export function stateOf(link: IdentityLink): LinkState {
  if (link.removed_at !== null) return "undone";
  if (link.kind === "apart") return "apart";
  return link.joined ? "joined" : "refused";
}

const STRENGTH: readonly LinkState[] = ["apart", "joined", "refused", "undone"];

/** What holds between two identifiers: the strongest of what was asserted. */
export function holds(links: readonly IdentityLink[]): LinkState {
  const states = new Set(links.map(stateOf));
  return STRENGTH.find((state) => states.has(state)) ?? "undone";
}

/** Links by the two identifiers that they are between, whichever was named first. */
export function paired(links: readonly IdentityLink[]): Map<string, IdentityLink[]> {
  const pairs = new Map<string, IdentityLink[]>();
  for (const link of links) {
    const id = [link.a_key, link.b_key].sort().join(":");
    pairs.set(id, [...(pairs.get(id) ?? []), link]);
  }
  return pairs;
}

interface Placeless {
  readonly key: string;
  readonly type: string;
  readonly value: string;
  readonly owner: string | null;
}

function people(graph: IdentityGraph): Placeless[] {
  const own = graph.identifiers.map(({ key, type, value }) => ({ key, type, value, owner: null }));
  const known = new Set(own.map(({ key }) => key));
  const others = Object.entries(graph.owners)
    .filter(([key, owner]) => !known.has(key) && owner !== graph.profile_id)
    .map(([key, owner]) => ({ key, type: "other", value: "", owner }));
  return [...own, ...others];
}

function rank(type: string): number {
  const found = TYPES.findIndex((each) => each === type);
  return found === -1 ? TYPES.length : found;
}

/** The same graph is always drawn the same: by type in rows, in a row near those that they are linked to above. */
export function drawn(graph: IdentityGraph, width: number): Drawing {
  const all = people(graph).sort((a, b) => rank(a.type) - rank(b.type));
  const shown = all.slice(0, MOST_NODES);
  const perRow = Math.max(1, Math.floor((width - 2 * MARGIN) / NODE_WIDTH));
  const pairs = paired(graph.links);
  const placed = new Map<string, GraphNode>();
  let row = 0;
  for (const type of new Set(shown.map((node) => node.type))) {
    const layer = shown.filter((node) => node.type === type);
    const wanted = new Map(layer.map(({ key }) => [key, middle(key, pairs.values(), placed, width)]));
    layer.sort((a, b) => (wanted.get(a.key) ?? 0) - (wanted.get(b.key) ?? 0) || (a.key < b.key ? -1 : 1));
    for (let start = 0; start < layer.length; start += perRow, row += 1) {
      const line = layer.slice(start, start + perRow);
      const step = (width - 2 * MARGIN) / line.length;
      line.forEach((node, index) => {
        placed.set(node.key, { ...node, x: MARGIN + step * (index + 0.5), y: TOP + row * ROW_HEIGHT });
      });
    }
  }
  return {
    nodes: [...placed.values()],
    pairs: [...pairs].flatMap(([id, links]) => pairOf(id, links, placed)),
    height: TOP + Math.max(1, row) * ROW_HEIGHT - 24,
    left: all.length - shown.length,
  };
}

/** Where a node would like to be: over the middle of those placed already that it is linked to. */
function middle(
  key: string,
  pairs: Iterable<readonly IdentityLink[]>,
  placed: ReadonlyMap<string, GraphNode>,
  width: number,
): number {
  const places: number[] = [];
  for (const [link] of pairs) {
    if (link === undefined || (link.a_key !== key && link.b_key !== key)) continue;
    const other = placed.get(link.a_key === key ? link.b_key : link.a_key);
    if (other !== undefined) places.push(other.x);
  }
  if (places.length === 0) return width / 2;
  return places.reduce((sum, place) => sum + place, 0) / places.length;
}

function pairOf(
  id: string,
  links: readonly IdentityLink[],
  placed: ReadonlyMap<string, GraphNode>,
): GraphPair[] {
  const [a, b] = id.split(":").map((key) => placed.get(key));
  if (a === undefined || b === undefined) return [];
  return [{ id, a, b, state: holds(links), links }];
}

/** A line from one to the other, bowed where it would run through what stands between them. */
export function path({ a, b }: GraphPair): string {
  const from = `M${a.x},${a.y}`;
  if (a.y === b.y) {
    const bow = Math.min(40, 12 + Math.abs(a.x - b.x) / 8);
    return `${from}Q${(a.x + b.x) / 2},${a.y - 2 * bow} ${b.x},${b.y}`;
  }
  const between = Math.abs(a.y - b.y) > ROW_HEIGHT && Math.abs(a.x - b.x) < NODE_WIDTH / 2;
  if (!between) return `${from}L${b.x},${b.y}`;
  return `${from}Q${Math.max(a.x, b.x) + NODE_WIDTH},${(a.y + b.y) / 2} ${b.x},${b.y}`;
}
