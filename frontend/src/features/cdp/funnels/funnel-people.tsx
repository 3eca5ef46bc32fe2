import { useMutation, useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { FunnelDefinition, FunnelPeople, Lifecycle } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { ErrorNote, Skeleton } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { plural } from "@/format/words";
import { Refused } from "../analytics/question";
import { LifecycleStatus, PersonLink } from "../profiles/person";
import { peopleQuery, useMakeList } from "./queries";

interface FunnelPeopleDialogProps {
  definition: FunnelDefinition;
  asked: FunnelPeople;
  /** What the steps are called. */
  steps: readonly string[];
  onClose: () => void;
}

const LIFECYCLES: readonly Lifecycle[] = ["anonymous", "known", "customer", "churned"];

/** Who they are: the last hundred, and all of them as a segment. */
export function FunnelPeopleDialog({ definition, asked, steps, onClose }: FunnelPeopleDialogProps) {
  const people = useQuery(peopleQuery(definition, asked));
  const mayList = useCan("cdp.segments:write");
  const step = steps[asked.step - 1] ?? "";
  const title =
    asked.outcome === "reached"
      ? `Who got to “${step}”`
      : `Who got to “${steps[asked.step - 2] ?? ""}” and not to “${step}”`;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={title}
    >
      {people.data === undefined ? (
        people.isError ? (
          <Refused error={people.error} onRetry={() => void people.refetch()} />
        ) : (
          <Skeleton rows={5} />
        )
      ) : (
        <div className="space-y-3">
          <p className="text-ink-2">
            {plural(people.data.total, "person", "people")}
            {people.data.total > people.data.items.length &&
              `; the ${people.data.items.length} who entered last are shown`}
            .
          </p>
          <div className="max-h-72 overflow-y-auto border-y border-line">
            <Table label="People">
              <thead>
                <tr>
                  <Th>Person</Th>
                  <Th>Lifecycle</Th>
                  <Th figure>Entered</Th>
                </tr>
              </thead>
              <tbody>
                {people.data.items.map(({ profile_id, lifecycle, last_entered_at }) => (
                  <Tr key={profile_id}>
                    <Td>
                      <PersonLink profileId={profile_id} />
                    </Td>
                    <Td>
                      {LIFECYCLES.map(
                        (each) => each === lifecycle && <LifecycleStatus key={each} lifecycle={each} />,
                      )}
                    </Td>
                    <Td figure>
                      <Age at={last_entered_at} domain />
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          </div>
          {mayList && people.data.total > 0 && (
            <MakeList definition={definition} asked={asked} total={people.data.total} />
          )}
        </div>
      )}
    </Dialog>
  );
}

interface MakeListProps {
  definition: FunnelDefinition;
  asked: FunnelPeople;
  total: number;
}

function MakeList({ definition, asked, total }: MakeListProps) {
  const [name, setName] = useState("");
  const makeList = useMakeList(definition, asked);
  const make = useMutation({ mutationFn: makeList });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    make.mutate(name.trim());
  };
  if (make.isSuccess)
    return (
      <p role="status">
        The segment “{make.data.name}” has {plural(make.data.people, "person", "people")}.
      </p>
    );
  return (
    <form onSubmit={submit} className="space-y-2">
      <div className="flex items-end gap-2">
        <div className="min-w-0 flex-1">
          <TextField
            label="Make a segment of them"
            required
            maxLength={120}
            autoComplete="off"
            placeholder="Name of the segment"
            value={name}
            onChange={(event) => {
              setName(event.target.value);
            }}
          />
        </div>
        <Button type="submit" tone="primary" busy={make.isPending} disabled={name.trim() === ""}>
          Make it
        </Button>
      </div>
      <p className="text-sm text-ink-3">
        A list of the {plural(total, "person", "people")} of this moment: who drops off later is not added.
      </p>
      {make.isError && <ErrorNote error={make.error} />}
    </form>
  );
}
