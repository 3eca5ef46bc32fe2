import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { KindOfEvent } from "@/api/types";
import { Button } from "@/design/button";
import { Expandable } from "@/design/expandable";
import { TextField } from "@/design/field";
import { Age, Moment } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { integer, percent } from "@/format/numbers";
import { plural, words } from "@/format/words";
import { driftSentence, DRIFTS, typeWords } from "./drift";
import { schemaQuery } from "./queries";

/** Which events a source sends, what is said with them, and what is other than it was. */
export function Schema({ sourceId }: { sourceId: string }) {
  const search = useSearch({ from: "/signed-in/events/sources/$sourceId" });
  const [q, setQ] = useState("");
  const [page, setPage] = useState(1);
  const drifting = search.show === "drift";
  const schema = useQuery({
    ...schemaQuery(sourceId, { q, drifting, page }),
    placeholderData: keepPreviousData,
  });
  return (
    <Panel
      title="What it sends"
      aside={
        <PanelTabs label="Which events">
          <PanelTab
            to="/events/sources/$sourceId"
            params={{ sourceId }}
            search={{ ...search, show: undefined }}
          >
            All
          </PanelTab>
          <PanelTab
            to="/events/sources/$sourceId"
            params={{ sourceId }}
            search={{ ...search, show: "drift" }}
          >
            Changed{schema.data !== undefined && ` (${integer(schema.data.drifting)})`}
          </PanelTab>
        </PanelTabs>
      }
    >
      <div className="border-b border-line px-4 py-2">
        <div className="max-w-72">
          <TextField
            label="Event name"
            hideLabel
            type="search"
            placeholder="Part of an event’s name"
            value={q}
            onChange={(event) => {
              setQ(event.target.value);
              setPage(1);
            }}
          />
        </div>
      </div>
      <Loaded query={schema}>
        {(data) => (
          <>
            {data.events_beyond > 0 && (
              <p className="border-b border-l-2 border-line border-l-hold px-4 py-2">
                It sends more than {integer(data.most_names)} event names, as if they were generated:{" "}
                {plural(data.events_beyond, "event")} under further names are counted, and not told apart.
              </p>
            )}
            {data.items.length === 0 ? (
              <NothingThere drifting={drifting} narrowed={q !== ""} />
            ) : (
              <ul>
                {data.items.map((kind) => (
                  <KindLine key={`${kind.event_type}/${kind.event_name}`} kind={kind} />
                ))}
              </ul>
            )}
            {data.pages > 1 && (
              <div className="flex items-center justify-between border-t border-line px-4 py-2">
                <Button
                  disabled={!data.has_prev}
                  onClick={() => {
                    setPage(page - 1);
                  }}
                >
                  Earlier page
                </Button>
                <span className="text-ink-2">
                  Page {integer(data.page)} of {integer(data.pages)}
                </span>
                <Button
                  disabled={!data.has_next}
                  onClick={() => {
                    setPage(page + 1);
                  }}
                >
                  Next page
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function NothingThere({ drifting, narrowed }: { drifting: boolean; narrowed: boolean }) {
  if (narrowed) return <Empty title="No event has such a name." />;
  if (drifting)
    return (
      <Empty title="Nothing is other than it was.">
        An event that was never seen before today, one that came regularly and stopped, and a property that
        changed its type would stand here.
      </Empty>
    );
  return (
    <Empty title="It has sent nothing yet.">
      Each event’s name, how often it comes, and what is said with it stand here, moments after it came.
    </Empty>
  );
}

function KindLine({ kind }: { kind: KindOfEvent }) {
  const [first] = kind.drift;
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_minmax(0,1fr)_84px_minmax(0,200px)_96px_72px]"
      summary={
        <>
          <span className="truncate font-medium">{kind.event_name}</span>
          <span className="text-ink-2 max-sm:hidden">{words(kind.event_type)}</span>
          <span className="max-sm:order-2 max-sm:col-span-2 max-sm:col-start-2">
            {first !== undefined && <Status tone="hold">{DRIFTS[first.kind]}</Status>}
          </span>
          <span className="text-right">{integer(kind.events)}</span>
          <span className="text-right text-ink-3 max-sm:hidden">
            <Age domain at={kind.last_at} />
          </span>
        </>
      }
    >
      <div className="space-y-4">
        {kind.drift.length > 0 && (
          <ul className="list-disc space-y-1 pl-4">
            {kind.drift.map((drift) => (
              <li key={`${drift.kind}${drift.property ?? ""}`}>
                {driftSentence(drift)} (<Moment at={drift.since} />)
              </li>
            ))}
          </ul>
        )}
        <Facts>
          <Fact term="Stored">{integer(kind.events)}, exactly</Fact>
          <Fact term="First seen">
            <Moment at={kind.first_at} />
          </Fact>
          <Fact term="Last seen">
            <Moment at={kind.last_at} />
          </Fact>
          <Fact term="Came on">{plural(Object.keys(kind.days).length, "day")} of the last sixty</Fact>
        </Facts>
        <Properties kind={kind} />
      </div>
    </Expandable>
  );
}

function Properties({ kind }: { kind: KindOfEvent }) {
  if (kind.properties.length === 0) return <p className="text-ink-2">Nothing is said with it.</p>;
  return (
    <div>
      <p className="mb-1 text-sm text-ink-3">
        Properties, as seen in a sample of {plural(kind.sampled, "event")}. Examples are values that at least
        two people sent.
        {kind.properties_left_out && " It has more properties than the hundred that are kept."}
      </p>
      <Table label={`Properties of ${kind.event_name}`}>
        <thead>
          <tr>
            <Th>Property</Th>
            <Th>Types</Th>
            <Th figure>In events</Th>
            <Th>Examples</Th>
          </tr>
        </thead>
        <tbody>
          {kind.properties.map((property) => (
            <Tr key={property.name}>
              <Td>
                <code className="font-mono text-sm whitespace-nowrap">{property.name}</code>
              </Td>
              <Td className="whitespace-nowrap">
                {property.types.map(({ type, events }) => (
                  <div key={type}>
                    {typeWords(type)}
                    {property.types.length > 1 && <span className="text-ink-3"> in {integer(events)}</span>}
                  </div>
                ))}
              </Td>
              <Td figure>{percent(property.share)}</Td>
              <Td className="min-w-40 text-ink-2">
                {property.examples.length === 0 ? "—" : property.examples.map(String).join(", ")}
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
