import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { IdentityGraph, IdentityLink } from "@/api/types";
import { Button } from "@/design/button";
import { Moment } from "@/design/figures";
import { Empty } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { words } from "@/format/words";
import { PersonLink } from "../profiles/person";
import { entriesOf, isSplit } from "./acts";
import { type LinkState, stateOf } from "./graph-layout";
import { UndoButton } from "./undo-button";
import { assertedBy, refusalOf, STATES } from "./words";

const TONES: Readonly<Record<LinkState, Tone>> = {
  joined: "pass",
  refused: "block",
  apart: "hold",
  undone: "muted",
};
const AT_FIRST = 20;

/** The graph as a table: everything that was said, by whom or what, and what became of it. */
export function Links({ graph }: { graph: IdentityGraph }) {
  const mayUndo = useCan("cdp.identity:write");
  const [all, setAll] = useState(false);
  const entries = entriesOf(graph.links);
  if (entries.length === 0)
    return <Empty title="There is no link.">No event ever named two of their identifiers together.</Empty>;
  const shown = all ? entries : entries.slice(0, AT_FIRST);
  return (
    <>
      <Table label="Links">
        <thead>
          <tr>
            <Th>Identifiers</Th>
            <Th>State</Th>
            <Th>Asserted</Th>
            <Th>When</Th>
            {mayUndo && <ThActions />}
          </tr>
        </thead>
        <tbody>
          {shown.map((entry) => (
            <Entry key={keyOf(entry)} graph={graph} entry={entry} mayUndo={mayUndo} />
          ))}
        </tbody>
      </Table>
      {!all && entries.length > AT_FIRST && (
        <div className="border-t border-line p-2 text-center">
          <Button
            tone="quiet"
            onClick={() => {
              setAll(true);
            }}
          >
            All {entries.length} entries
          </Button>
        </div>
      )}
    </>
  );
}

type Said = readonly IdentityLink[];

const keyOf = ([link]: Said): string => `${link?.assertion ?? ""}${link?.b_key ?? ""}`;

interface EntryProps {
  graph: IdentityGraph;
  entry: Said;
  mayUndo: boolean;
}

/** One thing that was said: a link, or a split with all that it keeps apart. */
function Entry({ graph, entry, mayUndo }: EntryProps) {
  const link = entry.find(({ kind }) => kind === "apart") ?? entry[0];
  if (link === undefined) return null;
  const state = stateOf(entry.find((each) => each.kind === "apart" && each.removed_at === null) ?? link);
  return (
    <Tr>
      <Td>
        {isSplit(graph.links, link) ? (
          <Parts graph={graph} entry={entry} />
        ) : (
          <Ends graph={graph} link={link} />
        )}
      </Td>
      <Td>
        <Status tone={TONES[state]}>{STATES[state]}</Status>
      </Td>
      <Td className="min-w-56">
        <Evidence link={link} />
      </Td>
      <Td>
        <Moment at={link.asserted_at} />
      </Td>
      {mayUndo && (
        <Td className="text-right">
          <UndoButton graph={graph} link={link} />
        </Td>
      )}
    </Tr>
  );
}

function Ends({ graph, link }: { graph: IdentityGraph; link: IdentityLink }) {
  return (
    <>
      <Named graph={graph} name={link.a_key} />
      <Named graph={graph} name={link.b_key} />
    </>
  );
}

/** The two parts of a split: those that stayed, and those that left. */
function Parts({ graph, entry }: { graph: IdentityGraph; entry: Said }) {
  const apart = entry.filter(({ kind }) => kind === "apart");
  const parts = [apart.map(({ a_key }) => a_key), apart.map(({ b_key }) => b_key)];
  return parts.map((keys, part) => (
    <div key={part} className="not-first:mt-1 not-first:border-t not-first:border-line not-first:pt-1">
      {[...new Set(keys)].map((key) => (
        <Named key={key} graph={graph} name={key} />
      ))}
    </div>
  ));
}

function Named({ graph, name }: { graph: IdentityGraph; name: string }) {
  const identifier = graph.identifiers.find(({ key }) => key === name);
  const owner = graph.owners[name];
  return (
    <div className="whitespace-nowrap">
      {identifier !== undefined ? (
        <>
          <span className="text-ink-3">{words(identifier.type)}</span> {identifier.value}
        </>
      ) : owner === undefined ? (
        <span className="text-ink-3">an identifier that nobody has any more</span>
      ) : (
        <>
          <span className="text-ink-3">of person</span> <PersonLink profileId={owner} />
        </>
      )}
    </div>
  );
}

function Evidence({ link }: { link: IdentityLink }) {
  const refusal = refusalOf(link.reason);
  return (
    <>
      <p>{assertedBy(link)}</p>
      {link.kind === "observed" && (
        <p className="text-sm text-ink-3">
          message <code className="font-mono break-all">{link.message_id}</code>
        </p>
      )}
      {refusal !== null && <p className="text-block">{refusal}</p>}
      {link.removed_at !== null && (
        <p className="text-ink-2">
          Taken back by {link.removed_by ?? "somebody"}, <Moment at={link.removed_at} />
        </p>
      )}
    </>
  );
}
