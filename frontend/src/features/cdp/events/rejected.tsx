import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "@/design/button";
import { Age, Unknown } from "@/design/figures";
import { Empty, ErrorNote, Skeleton } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { verdictsQuery } from "./queries";

export function Rejected() {
  const verdicts = useInfiniteQuery(verdictsQuery);
  if (verdicts.data === undefined)
    return verdicts.isError ? (
      <ErrorNote error={verdicts.error} onRetry={() => void verdicts.refetch()} />
    ) : (
      <Skeleton rows={6} />
    );
  const items = verdicts.data.pages.flatMap((page) => page.items);
  if (items.length === 0)
    return (
      <Empty title="Nothing was refused.">
        An event that breaks a rule stands here with the rule it broke.
      </Empty>
    );
  return (
    <>
      <Table label="Refused events">
        <thead>
          <tr>
            <Th>Reason</Th>
            <Th>Event</Th>
            <Th>Message id</Th>
            <Th figure>Times</Th>
            <Th figure>Last</Th>
          </tr>
        </thead>
        <tbody>
          {items.map((verdict) => (
            <Tr key={verdict.id}>
              <Td className="min-w-64">
                {verdict.reason}
                <div className="font-mono text-sm text-ink-3">{verdict.code}</div>
              </Td>
              <Td>{verdict.event_name ?? <Unknown why="it had no name" />}</Td>
              <Td>
                {verdict.message_id === null ? (
                  <Unknown why="it had none" />
                ) : (
                  <code className="font-mono text-sm">{verdict.message_id}</code>
                )}
              </Td>
              <Td figure>{integer(verdict.times)}</Td>
              <Td figure className="text-ink-3">
                <Age domain at={verdict.last_at} />
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      {verdicts.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button
            tone="quiet"
            busy={verdicts.isFetchingNextPage}
            onClick={() => void verdicts.fetchNextPage()}
          >
            Earlier
          </Button>
        </div>
      )}
    </>
  );
}
