import { useQuery } from "@tanstack/react-query";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, ErrorNote, Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer, percent } from "@/format/numbers";
import { plural } from "@/format/words";
import { summaryQuery, useCountAnew } from "./queries";
import { PURPOSE_NAMES, PURPOSES } from "./words";

/** How many people said what, as of a time that is told. */
export function Summary() {
  const mayAsk = useCan("cdp.consents:write");
  const summary = useQuery(summaryQuery);
  const count = useCountAnew();
  return (
    <Panel
      title="What people said"
      aside={
        <div className="flex flex-wrap items-center gap-3 py-1">
          <span className="text-ink-2">
            Counted <Age domain at={summary.data?.computed_at} why="it was not counted yet" />
          </span>
          {mayAsk && (
            <Button
              busy={count.isPending}
              onClick={() => {
                count.mutate();
              }}
            >
              Count now
            </Button>
          )}
        </div>
      }
    >
      {count.isError && <ErrorNote error={count.error} />}
      <Loaded query={summary}>
        {({ purposes, people }) =>
          purposes === null || people === null ? (
            <Empty title="People are not counted yet.">They are counted every hour.</Empty>
          ) : (
            <>
              <Table label="People by purpose">
                <thead>
                  <tr>
                    <Th>Purpose</Th>
                    <Th figure>Said yes</Th>
                    <Th figure>Said no</Th>
                    <Th figure>Said nothing</Th>
                  </tr>
                </thead>
                <tbody>
                  {PURPOSES.map((purpose) => {
                    const said = purposes[purpose];
                    if (said === undefined) return null;
                    return (
                      <Tr key={purpose}>
                        <Td>{PURPOSE_NAMES[purpose]}</Td>
                        <Td figure>
                          <Share of={people}>{said.granted}</Share>
                        </Td>
                        <Td figure>
                          <Share of={people}>{said.refused}</Share>
                        </Td>
                        <Td figure>
                          <Share of={people}>{said.silent}</Share>
                        </Td>
                      </Tr>
                    );
                  })}
                </tbody>
              </Table>
              <p className="border-t border-line px-4 py-2 text-sm text-ink-3">
                Of {plural(people, "profile")}. The last word of each counts; what silence means follows the
                policy below. Counted every hour, and soon after somebody writes a consent down.
              </p>
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Share({ of, children }: { of: number; children: number }) {
  return (
    <span className="whitespace-nowrap">
      {integer(children)} {of > 0 && <span className="text-ink-3">{percent(children / of)}</span>}
    </span>
  );
}
