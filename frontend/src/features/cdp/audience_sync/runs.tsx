import { useInfiniteQuery } from "@tanstack/react-query";
import { useId } from "react";
import type { AudienceRun } from "@/api/types";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { runsQuery } from "./queries";
import { KINDS, runState, withheldOf } from "./words";

/** What was sent and what came of it, the last first. */
export function Runs({ audienceId }: { audienceId: string }) {
  const runs = useInfiniteQuery(runsQuery(audienceId));
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="mb-1 font-medium">
        Synchronisations
      </h3>
      <div className="rounded-md border border-line bg-surface">
        <Listed
          query={runs}
          rows={2}
          more="Earlier ones"
          empty={<Empty title="None yet.">The first is made within a minute.</Empty>}
        >
          {(items) => (
            <Table label="Synchronisations">
              <thead>
                <tr>
                  <Th>Outcome</Th>
                  <Th>What</Th>
                  <Th figure>Added</Th>
                  <Th figure>Taken out</Th>
                  <Th figure>When</Th>
                </tr>
              </thead>
              <tbody>
                {items.map((run) => (
                  <RunRow key={run.id} run={run} />
                ))}
              </tbody>
            </Table>
          )}
        </Listed>
      </div>
    </section>
  );
}

function RunRow({ run }: { run: AudienceRun }) {
  const [tone, word] = runState(run);
  const notes = [
    ...withheldOf(run),
    ...(run.held_back > 0 ? [`${integer(run.held_back)} wait to be let go`] : []),
    ...(run.invalid > 0 ? [`${integer(run.invalid)} entries the platform could not read`] : []),
  ];
  return (
    <Tr>
      <Td>
        <Status tone={tone}>{word}</Status>
        {run.error !== null && <div className="max-w-prose min-w-40 text-ink-2">{run.error}</div>}
      </Td>
      <Td>
        {KINDS[run.kind]}
        {notes.length > 0 && <div className="text-sm text-ink-3">{notes.join(" · ")}</div>}
      </Td>
      <Td figure>{integer(run.added)}</Td>
      <Td figure>{integer(run.removed)}</Td>
      <Td figure>
        <Age domain at={run.started_at} />
      </Td>
    </Tr>
  );
}
