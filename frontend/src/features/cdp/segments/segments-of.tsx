import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import { ENTRY_LINK, LINK } from "@/design/classes";
import { Moment } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { segmentsOfQuery } from "./queries";

/** The segments that a person is in, since when, and the way to why. */
export function SegmentsOf({ profileId }: { profileId: string }) {
  const mayRead = useCan("cdp.segments:read");
  const segments = useQuery({ ...segmentsOfQuery(profileId), enabled: mayRead });
  if (!mayRead) return null;
  return (
    <Panel title="Segments">
      <Loaded query={segments} rows={2}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty title="They are in no segment." />
          ) : (
            <>
              <Table label="Segments of this person">
                <thead>
                  <tr>
                    <Th>Segment</Th>
                    <Th>Kind</Th>
                    <Th>Since</Th>
                    <ThActions />
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ segment_id, name, kind, entered_at }) => (
                    <Tr key={segment_id}>
                      <Td>
                        <Link
                          to="/people/segments/$segmentId"
                          params={{ segmentId: segment_id }}
                          className={ENTRY_LINK}
                        >
                          {name}
                        </Link>
                      </Td>
                      <Td className="text-ink-2">{kind === "rule" ? "Rule" : "Uploaded list"}</Td>
                      <Td>
                        <Moment at={entered_at} />
                      </Td>
                      <Td figure>
                        <Link
                          to="/people/segments/$segmentId"
                          params={{ segmentId: segment_id }}
                          search={{ person: profileId }}
                          className={LINK}
                        >
                          Why<span className="sr-only"> in {name}</span>?
                        </Link>
                      </Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
              {total > items.length && (
                <p className="border-t border-line px-4 py-2 text-ink-3">
                  The first {items.length} of {total}.
                </p>
              )}
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
