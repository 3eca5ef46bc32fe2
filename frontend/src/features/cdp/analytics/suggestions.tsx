import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useId } from "react";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

const LATEST = 200;

/** What was sent lately, to choose from: anything else can be typed. */
const latestEventsQuery = queryOptions({
  queryKey: ["cdp/events", "suggestions"],
  queryFn: () => body(api.GET("/api/v1/cdp/events", { params: { query: { limit: LATEST } } })),
  staleTime: 60_000,
});

const latestProfilesQuery = queryOptions({
  queryKey: ["cdp/profiles", "suggestions"],
  queryFn: () => body(api.GET("/api/v1/cdp/profiles", { params: { query: { limit: LATEST } } })),
  staleTime: 60_000,
});

export const segmentsQuery = queryOptions({
  queryKey: ["cdp/segments", "choice"],
  queryFn: () =>
    whole((query) =>
      body(api.GET("/api/v1/cdp/segments", { params: { query: { ...query, sort: "name" } } })),
    ),
  staleTime: 60_000,
});

interface Lists {
  readonly events: string;
  readonly properties: string;
  readonly traits: string;
  readonly computed: string;
}

const Suggested = createContext<Lists>({ events: "", properties: "", traits: "", computed: "" });

/** The ids of the lists that fields of a form suggest from. */
export const useSuggested = (): Lists => useContext(Suggested);

export function Suggestions({ children }: { children: ReactNode }) {
  const events = useQuery(latestEventsQuery).data?.items ?? [];
  const profiles = useQuery(latestProfilesQuery).data?.items ?? [];
  const id = useId();
  const lists = {
    events: `${id}-events`,
    properties: `${id}-properties`,
    traits: `${id}-traits`,
    computed: `${id}-computed`,
  };
  return (
    <Suggested value={lists}>
      <Choices id={lists.events} of={events.map(({ event_name }) => event_name)} />
      <Choices id={lists.properties} of={events.flatMap(({ properties }) => Object.keys(properties))} />
      <Choices id={lists.traits} of={profiles.flatMap(({ traits }) => Object.keys(traits))} />
      <Choices id={lists.computed} of={profiles.flatMap(({ computed }) => Object.keys(computed))} />
      {children}
    </Suggested>
  );
}

function Choices({ id, of }: { id: string; of: readonly string[] }) {
  return (
    <datalist id={id}>
      {[...new Set(of)].toSorted().map((each) => (
        <option key={each} value={each} />
      ))}
    </datalist>
  );
}
