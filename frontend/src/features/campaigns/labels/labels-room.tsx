import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Label } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { plural } from "@/format/words";
import { CampaignsFrame } from "../campaigns-frame";
import { labelsQuery, useCreateLabel, useDeleteLabel, useRenameLabel } from "./queries";

const LONGEST = 60;

/** The company's own words on campaigns. */
export function LabelsRoom() {
  const mayWrite = useCan("campaigns.labels:write");
  const labels = useQuery(labelsQuery);
  return (
    <CampaignsFrame>
      <Panel title="Labels" aside={mayWrite && <NewLabel />}>
        <Loaded query={labels}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No labels yet.">
                A label is your own word on campaigns, to find them by. No platform is told of it.
              </Empty>
            ) : (
              <Table label="Labels">
                <thead>
                  <tr>
                    <Th>Name</Th>
                    <Th>On</Th>
                    <Th>Made by</Th>
                    {mayWrite && <ThActions />}
                  </tr>
                </thead>
                <tbody>
                  {items.map((label) => (
                    <LabelRow key={label.id} label={label} mayWrite={mayWrite} />
                  ))}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Panel>
    </CampaignsFrame>
  );
}

function LabelRow({ label, mayWrite }: { label: Label; mayWrite: boolean }) {
  const rename = useRenameLabel(label.id);
  const remove = useDeleteLabel(label.id);
  const [open, setOpen] = useState(false);
  return (
    <Tr>
      <Td>{label.name}</Td>
      <Td>
        <Link to="/campaigns" search={{ label: label.id }} className={LINK}>
          {plural(label.campaigns, "campaign")}
        </Link>
      </Td>
      <Td>{label.created_by}</Td>
      {mayWrite && (
        <Td className="space-x-2 text-right whitespace-nowrap">
          <Button
            aria-label={`Rename ${label.name}`}
            onClick={() => {
              rename.reset();
              setOpen(true);
            }}
          >
            Rename
          </Button>
          <ConfirmButton
            label="Delete"
            title={`Delete the label ${label.name}?`}
            act={() => remove.mutateAsync(undefined)}
          >
            It is taken off {plural(label.campaigns, "campaign")}.
          </ConfirmButton>
          <Dialog open={open} onOpenChange={setOpen} title={`Rename ${label.name}`}>
            <NameForm
              verb="Rename"
              name={label.name}
              busy={rename.isPending}
              error={rename.error}
              onSubmit={(name) => {
                rename.mutate(name, {
                  onSuccess: () => {
                    setOpen(false);
                  },
                });
              }}
            />
          </Dialog>
        </Td>
      )}
    </Tr>
  );
}

function NewLabel() {
  const create = useCreateLabel();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        onClick={() => {
          create.reset();
          setOpen(true);
        }}
      >
        New label
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="New label">
        <NameForm
          verb="Make it"
          name=""
          busy={create.isPending}
          error={create.error}
          onSubmit={(name) => {
            create.mutate(name, {
              onSuccess: () => {
                setOpen(false);
              },
            });
          }}
        />
      </Dialog>
    </>
  );
}

interface NameFormProps {
  verb: string;
  name: string;
  busy: boolean;
  error: Error | null;
  onSubmit: (name: string) => void;
}

function NameForm({ verb, name, busy, error, onSubmit }: NameFormProps) {
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSubmit(formText(event.currentTarget, "name"));
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="Name"
        name="name"
        required
        maxLength={LONGEST}
        defaultValue={name}
        autoComplete="off"
        error={fieldsOf(error)["name"]}
      />
      <FormError error={error} />
      <div className="flex justify-end">
        <Button type="submit" tone="primary" busy={busy}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
