import { useState } from "react";
import type { IdentityGraph } from "@/api/types";
import { useWidth } from "@/design/charts/use-width";
import { cx } from "@/design/classes";
import { Moment } from "@/design/figures";
import { plural, words } from "@/format/words";
import { shortId } from "../profiles/person";
import { drawn, type GraphNode, type GraphPair, type LinkState, path } from "./graph-layout";
import { assertedBy, refusalOf, STATES } from "./words";

const STROKES: Readonly<Record<LinkState, string>> = {
  joined: "stroke-accent",
  refused: "stroke-block [stroke-dasharray:5_4]",
  apart: "stroke-block",
  undone: "stroke-ink-3 [stroke-dasharray:1_4]",
};

/** Identifiers by type from above, and what links them; a link in focus or under the pointer tells its evidence below. */
export function Graph({ graph }: { graph: IdentityGraph }) {
  const [ref, width] = useWidth();
  const [chosen, setChosen] = useState<string>();
  const { nodes, pairs, height, left } = drawn(graph, Math.max(width, 280));
  const told = pairs.find(({ id }) => id === chosen);
  return (
    <div className="p-4">
      <div ref={ref} className="overflow-hidden">
        {width > 0 && (
          <svg
            role="group"
            aria-label="Identifiers and their links"
            width={width}
            height={height}
            viewBox={`0 0 ${width} ${height}`}
          >
            {pairs.map((pair) => (
              <Link
                key={pair.id}
                pair={pair}
                chosen={pair.id === chosen}
                onChoose={() => {
                  setChosen(pair.id);
                }}
              />
            ))}
            {nodes.map((node) => (
              <Node key={node.key} node={node} />
            ))}
          </svg>
        )}
      </div>
      {left > 0 && (
        <p className="text-sm text-ink-3">{plural(left, "more identifier")}: they are in the list below.</p>
      )}
      <div aria-live="polite" className="mt-3 min-h-16 border-t border-line pt-3">
        {told === undefined ? (
          <p className="text-ink-2">
            {pairs.length === 0
              ? "Nothing links this person to another identifier."
              : "Point at a link, or go to it with Tab, to read why it is there."}
          </p>
        ) : (
          <Told pair={told} />
        )}
      </div>
      <Legend states={[...new Set(pairs.map(({ state }) => state))]} />
    </div>
  );
}

interface LinkProps {
  pair: GraphPair;
  chosen: boolean;
  onChoose: () => void;
}

function Link({ pair, chosen, onChoose }: LinkProps) {
  const line = path(pair);
  return (
    <g
      role="button"
      tabIndex={0}
      aria-pressed={chosen}
      aria-label={`${nameOf(pair.a)} and ${nameOf(pair.b)}: ${STATES[pair.state]}`}
      className="cursor-pointer"
      onFocus={onChoose}
      onPointerEnter={onChoose}
      onClick={onChoose}
    >
      <path d={line} className="fill-transparent stroke-transparent" strokeWidth={16} />
      <path
        d={line}
        className={cx("fill-transparent", STROKES[pair.state])}
        strokeWidth={chosen ? 3.5 : 1.75}
      />
    </g>
  );
}

function nameOf({ type, value, owner }: GraphNode): string {
  return owner === null ? `${words(type)} ${value}` : `an identifier of person ${shortId(owner)}`;
}

const MARKS: Readonly<Record<string, string>> = {
  user_id: "M-9,-9H9V9H-9Z",
  email: "M0,-11L11,0L0,11L-11,0Z",
  phone: "M-10,-6H10V6H-10Z",
  device_id: "M-6,-10H6L10,0L6,10H-6L-10,0Z",
  match_key: "M0,-10L10,8H-10Z",
};
/** A halo of the ground, so that a line beneath leaves the words readable. */
const LABEL = "stroke-surface stroke-4 text-xs [paint-order:stroke]";
const ROUND = "M-9,0A9,9 0 1 1 9,0A9,9 0 1 1 -9,0Z";

function Node({ node }: { node: GraphNode }) {
  return (
    <g transform={`translate(${node.x},${node.y})`} className="pointer-events-none">
      <path
        d={MARKS[node.type] ?? ROUND}
        strokeWidth={1.75}
        className={cx(
          "fill-surface",
          node.owner === null ? "stroke-ink-2" : "stroke-block [stroke-dasharray:3_3]",
        )}
      />
      <text y={24} textAnchor="middle" className={cx("fill-ink", LABEL)}>
        {node.owner === null ? shortened(node.value) : shortId(node.owner)}
      </text>
      <text y={38} textAnchor="middle" className={cx("fill-ink-3", LABEL)}>
        {node.owner === null ? words(node.type) : "another person"}
      </text>
    </g>
  );
}

const LONGEST = 16;

function shortened(value: string): string {
  return value.length <= LONGEST ? value : `${value.slice(0, 8)}…${value.slice(-6)}`;
}

const MOST_TOLD = 3;

function Told({ pair }: { pair: GraphPair }) {
  return (
    <>
      <p className="break-words">
        <span className="font-medium">{STATES[pair.state]}:</span> {nameOf(pair.a)} and {nameOf(pair.b)}
      </p>
      <ul className="mt-1 text-ink-2">
        {pair.links.slice(0, MOST_TOLD).map((link) => (
          <li key={link.assertion}>
            {assertedBy(link)}, <Moment at={link.asserted_at} />
            {link.removed_at !== null && <>; taken back by {link.removed_by ?? "somebody"}</>}
            {refusalOf(link.reason) !== null && <>. {refusalOf(link.reason)}</>}
          </li>
        ))}
        {pair.links.length > MOST_TOLD && <li>and {pair.links.length - MOST_TOLD} more times</li>}
      </ul>
    </>
  );
}

function Legend({ states }: { states: readonly LinkState[] }) {
  return (
    <ul aria-label="What the lines mean" className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-sm text-ink-2">
      {states.map((state) => (
        <li key={state} className="inline-flex items-center gap-2">
          <svg width="24" height="4" aria-hidden>
            <path d="M0,2H24" strokeWidth="2" className={STROKES[state]} />
          </svg>
          {STATES[state]}
        </li>
      ))}
    </ul>
  );
}
