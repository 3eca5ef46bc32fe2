import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowDownLeft, ArrowUpRight } from "lucide-react";
import { LINK } from "@/design/classes";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { words } from "@/format/words";
import { PersonLink, shortId } from "../profiles/person";
import { membersQuery, transitionsQuery } from "./queries";

function WhyLink({ segmentId, profileId }: { segmentId: string; profileId: string }) {
  return (
    <Link
      to="/people/segments/$segmentId"
      params={{ segmentId }}
      search={{ person: profileId }}
      className={LINK}
    >
      Why<span className="sr-only"> person {shortId(profileId)}</span>?
    </Link>
  );
}

export function Members({ segmentId }: { segmentId: string }) {
  const members = useInfiniteQuery(membersQuery(segmentId));
  return (
    <Panel
      title="Members"
      aside={
        <Link to="/people" search={{ segment: segmentId }} className={LINK}>
          Show them under Profiles
        </Link>
      }
    >
      <Listed query={members} rows={5} more="Earlier members" empty={<Empty title="Nobody is in it." />}>
        {(items) => (
          <Table label="Members">
            <thead>
              <tr>
                <Th>Person</Th>
                <Th>In since</Th>
                <ThActions />
              </tr>
            </thead>
            <tbody>
              {items.map(({ profile_id, entered_at }) => (
                <Tr key={profile_id}>
                  <Td>
                    <PersonLink profileId={profile_id} />
                  </Td>
                  <Td>
                    <Age domain at={entered_at} />
                  </Td>
                  <Td figure>
                    <WhyLink segmentId={segmentId} profileId={profile_id} />
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </Listed>
    </Panel>
  );
}

/** Why somebody was looked at again, in people's words. */
const REASONS: Readonly<Record<string, string>> = {
  events: "what they did",
  computed: "a computed trait",
  graph: "who is who changed",
  ended: "their profile ended",
  lifecycle: "their stage",
  time: "time passed",
  recompute: "counted anew",
  schedule: "counted at its time",
  archived: "archived",
};

export function Moves({ segmentId }: { segmentId: string }) {
  const moves = useInfiniteQuery(transitionsQuery(segmentId));
  return (
    <Panel title="Who came and went">
      <Listed query={moves} rows={5} more="Earlier moves" empty={<Empty title="Nobody came or went yet." />}>
        {(items) => (
          <Table label="Who came and went">
            <thead>
              <tr>
                <Th>Move</Th>
                <Th>Person</Th>
                <Th>Because of</Th>
                <Th figure>When</Th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ seq, direction, profile_id, reason, at }) => (
                <Tr key={seq}>
                  <Td>
                    <span className="inline-flex items-center gap-1">
                      {direction === "entered" ? (
                        <ArrowDownLeft size={14} aria-hidden className="text-pass" />
                      ) : (
                        <ArrowUpRight size={14} aria-hidden className="text-ink-3" />
                      )}
                      {words(direction)}
                    </span>
                  </Td>
                  <Td>
                    <PersonLink profileId={profile_id} />
                  </Td>
                  <Td className="text-ink-2">{REASONS[reason] ?? words(reason).toLowerCase()}</Td>
                  <Td figure>
                    <Age domain at={at} />
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </Listed>
    </Panel>
  );
}
