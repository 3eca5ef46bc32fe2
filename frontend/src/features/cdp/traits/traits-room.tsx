import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Trait } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { PeopleFrame } from "../people-frame";
import { traitsQuery, useRemoveTrait } from "./queries";
import { RfmPanel } from "./rfm-grid";
import { TraitForm } from "./trait-form";
import { said } from "./words";

export function TraitsRoom() {
  const traits = useQuery(traitsQuery);
  const mayWrite = useCan("cdp.traits:write");
  const [open, setOpen] = useState<Trait | "new" | null>(null);
  const close = () => {
    setOpen(null);
  };
  return (
    <PeopleFrame>
      <RfmPanel />
      {open !== null && (
        <Panel title={open === "new" ? "New trait" : `Change ${open.name}`}>
          <TraitForm
            key={open === "new" ? "new" : open.id}
            trait={open === "new" ? null : open}
            onDone={close}
          />
        </Panel>
      )}
      <Panel
        title="Computed traits"
        aside={
          mayWrite &&
          open === null && (
            <Button
              onClick={() => {
                setOpen("new");
              }}
            >
              New trait
            </Button>
          )
        }
      >
        <Loaded query={traits}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No trait is computed yet.">
                A computed trait is a figure about each person, kept up to date as things happen: how often
                they ordered, what they spent in 90 days, what they looked at last. Segments can ask for it.
              </Empty>
            ) : (
              <Traits items={items} mayWrite={mayWrite} onChange={setOpen} />
            )
          }
        </Loaded>
      </Panel>
    </PeopleFrame>
  );
}

interface TraitsProps {
  items: readonly Trait[];
  mayWrite: boolean;
  onChange: (trait: Trait) => void;
}

function Traits({ items, mayWrite, onChange }: TraitsProps) {
  const remove = useRemoveTrait();
  return (
    <Table label="Computed traits">
      <thead>
        <tr>
          <Th>Trait</Th>
          <Th>What it is</Th>
          <Th>State</Th>
          <ThActions />
        </tr>
      </thead>
      <tbody>
        {items.map((trait) => (
          <Tr key={trait.id}>
            <Td>
              <code className="font-mono">{trait.name}</code>
              {trait.description !== "" && <div className="text-sm text-ink-3">{trait.description}</div>}
            </Td>
            <Td>{said(trait.definition)}</Td>
            <Td>
              {trait.state === "live" ? (
                <Status tone="pass">Live</Status>
              ) : (
                <Status tone="accent">Computing</Status>
              )}
              <div className="text-sm text-ink-3">
                computed <Age domain at={trait.computed_at} why="not computed yet" />
              </div>
            </Td>
            <Td figure>
              {mayWrite && (
                <div className="flex justify-end gap-2 max-sm:flex-col">
                  <Button
                    onClick={() => {
                      onChange(trait);
                    }}
                  >
                    Change
                  </Button>
                  <ConfirmButton
                    label="Delete"
                    title={`Delete “${trait.name}”?`}
                    act={() => remove(trait.id)}
                  >
                    Everybody loses this value. It is refused while a segment asks for it.
                  </ConfirmButton>
                </div>
              )}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
