import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Source } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK } from "@/design/classes";
import { Age, Moment, Unknown } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { EventsFrame } from "../events/events-frame";
import { eventStatsQuery } from "../events/queries";
import { CreateSource } from "./create-source";
import { sourcesQuery } from "./queries";
import { KINDS, SourceState } from "./state";

export function SourcesRoom() {
  const mayWrite = useCan("cdp.sources:write");
  const sources = useQuery(sourcesQuery);
  const [creating, setCreating] = useState(false);
  return (
    <EventsFrame>
      <Panel
        title="Sources"
        aside={
          mayWrite && (
            <Button
              onClick={() => {
                setCreating(true);
              }}
            >
              <Plus size={14} aria-hidden />
              New source
            </Button>
          )
        }
      >
        <Loaded query={sources}>
          {(items) =>
            items.length === 0 ? (
              <Empty title="There is no source yet.">
                A source is one thing that sends events, such as your shop or your app. It has a write key,
                and its own counts: {mayWrite ? "make one for each." : "a manager makes one for each."}
              </Empty>
            ) : (
              <SourceTable sources={items} />
            )
          }
        </Loaded>
      </Panel>
      <CreateSource open={creating} onOpenChange={setCreating} />
    </EventsFrame>
  );
}

function SourceTable({ sources }: { sources: readonly Source[] }) {
  const stats = useQuery(eventStatsQuery);
  return (
    <Table label="Sources">
      <thead>
        <tr>
          <Th>Source</Th>
          <Th>State</Th>
          <Th>Kind</Th>
          <Th figure>Stored</Th>
          <Th figure>Sent again</Th>
          <Th figure>Refused</Th>
          <Th figure>Last event</Th>
          <Th figure>Made</Th>
        </tr>
      </thead>
      <tbody>
        {sources.map((source) => {
          const counted = (number: number | undefined) =>
            stats.data === undefined ? <Unknown why="it is being read" /> : integer(number ?? 0);
          const own = stats.data?.sources.find(({ source_id }) => source_id === source.id);
          return (
            <Tr key={source.id}>
              <Td className="min-w-40">
                <Link to="/events/sources/$sourceId" params={{ sourceId: source.id }} className={ENTRY_LINK}>
                  {source.name}
                </Link>
              </Td>
              <Td>{stats.data !== undefined && <SourceState source={source} stats={own} />}</Td>
              <Td className="whitespace-nowrap">{KINDS[source.kind]}</Td>
              <Td figure>{counted(own?.accepted)}</Td>
              <Td figure>{counted(own?.duplicates)}</Td>
              <Td figure>{counted(own?.rejected)}</Td>
              <Td figure>
                <Age domain at={own?.newest_accepted_at} why="none has arrived yet" />
              </Td>
              <Td figure>
                <Moment at={source.created_at} />
              </Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
