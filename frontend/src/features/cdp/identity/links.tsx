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

/** The graph as a table: every link, what asserted it, and what became of it. */
export function Links({ graph }: { graph: IdentityGraph }) {
  const mayUndo = useCan("cdp.identity:write");
  const [all, setAll] = useState(false);
  if (graph.links.length === 0)
    return <Empty title="There is no link.">No event ever named two of their identifiers together.</Empty>;
  const shown = all ? graph.links : graph.links.slice(0, AT_FIRST);
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
          {shown.map((link) => (
            <Tr key={`${link.assertion}${link.a_key}${link.b_key}`}>
              <Td>
                <Named graph={graph} name={link.a_key} />
                <Named graph={graph} name={link.b_key} />
              </Td>
              <Td>
                <Status tone={TONES[stateOf(link)]}>{STATES[stateOf(link)]}</Status>
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
          ))}
        </tbody>
      </Table>
      {!all && graph.links.length > AT_FIRST && (
        <div className="border-t border-line p-2 text-center">
          <Button
            tone="quiet"
            onClick={() => {
              setAll(true);
            }}
          >
            All {graph.links.length} links
          </Button>
        </div>
      )}
    </>
  );
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
