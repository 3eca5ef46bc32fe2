import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { Unknown } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, TrWithNote } from "@/design/table";
import { VerdictChip } from "@/design/verdict";
import { number } from "@/format/numbers";
import { useDraft } from "./draft";
import { useReplay } from "./queries";

type Replayed = NonNullable<ReturnType<typeof useReplay>["data"]>;
type Again = Replayed["own"];

/** The same row, decided again: by its own policy, by the one in force, and by the editor's draft where one is open. */
export function ReplayPanel({ decisionId }: { decisionId: string }) {
  const mayRead = useCan("trust_engine.replay:read");
  const draft = useDraft();
  const replay = useReplay(decisionId);
  if (!mayRead) return null;
  return (
    <Panel
      title="Decided again"
      aside={
        <Button
          busy={replay.isPending}
          onClick={() => {
            replay.mutate(draft);
          }}
        >
          Replay this decision
        </Button>
      }
    >
      {replay.isError && <ErrorNote error={replay.error} />}
      {replay.isSuccess ? (
        <Compared found={replay.data} />
      ) : (
        <p className="max-w-prose p-4 text-ink-2">
          From what it read then: by its own policy, by the one in force now
          {draft !== null && ", and by the draft that is open in the policy’s room"}.
        </p>
      )}
    </Panel>
  );
}

function Compared({ found }: { found: Replayed }) {
  const columns: { name: string; again: Again }[] = [
    { name: "As decided", again: found.recorded },
    { name: "Again, by its own policy", again: found.own },
    { name: `By version ${found.present_version}, in force`, again: found.present },
    ...(found.draft === null ? [] : [{ name: "By the draft", again: found.draft }]),
  ];
  return (
    <>
      <Table label="The decision, by each policy">
        <thead>
          <tr>
            <Th>Policy</Th>
            <Th>Result</Th>
            <Th figure>Score / needs</Th>
            <Th className="max-sm:hidden">Rules</Th>
          </tr>
        </thead>
        <tbody>
          {columns.map(({ name, again }) => (
            <TrWithNote
              key={name}
              columns={3}
              note={<Rules again={again} />}
              cells={
                <>
                  <Td>{name}</Td>
                  <Td>
                    {again.result === null ? (
                      <Unknown why={again.gap ?? "it is not known"} />
                    ) : (
                      <VerdictChip verdict={again.result} />
                    )}
                  </Td>
                  <Td figure className="whitespace-nowrap">
                    {again.score === null ? <Unknown why="no live score" /> : number(again.score)} /{" "}
                    {again.required_score === null ? "any" : number(again.required_score)}
                  </Td>
                </>
              }
            />
          ))}
        </tbody>
      </Table>
      <div role="status" className="px-4 py-2">
        {found.identical === null ? (
          <Status tone="muted">This program cannot decide it again: another release made it.</Status>
        ) : (
          <Status tone={found.identical ? "pass" : "block"}>
            {found.identical
              ? "By its own policy it comes out the same, to the letter."
              : "By its own policy it comes out otherwise: the row is at fault."}
          </Status>
        )}
      </div>
    </>
  );
}

function Rules({ again }: { again: Again }) {
  return (
    <ul className="space-y-1">
      {again.gap !== null && <li className="text-ink-2">{again.gap}</li>}
      {again.reasons.map(({ code, message, detail }) => (
        <li key={`${code}${message}`} className="flex items-start gap-1.5">
          <VerdictChip verdict={String(detail["verdict"])} />
          <span>{message}</span>
        </li>
      ))}
    </ul>
  );
}
