import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import type { SyntheticEvent } from "react";
import { useCan } from "@/api/permissions";
import type { Lifecycle, Profile } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { AsideHint } from "../events/aside-hint";
import { PeopleFrame } from "../people-frame";
import { everySegmentQuery } from "../segments/queries";
import { CELLS } from "../traits/words";
import { Amounts } from "./amounts";
import { LifecycleStatus, PersonLink } from "./person";
import { profilesQuery } from "./queries";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** What a person is looked for by: it may name somebody, so it is no part of an address. */
    identifier?: string;
  }
}

const LIFECYCLES: readonly Lifecycle[] = ["anonymous", "known", "customer", "churned"];

export function PeopleRoom() {
  const search = useSearch({ from: "/signed-in/people" });
  const identifier = useLocation({ select: ({ state }) => state.identifier });
  const profiles = useInfiniteQuery(profilesQuery({ ...search, identifier }));
  const filtered = identifier !== undefined || Object.values(search).some((value) => value !== undefined);
  return (
    <PeopleFrame>
      <AsideHint />
      <Panel title="Profiles">
        <Filters
          key={`${identifier}${search.lifecycle}${search.trait}${search.value}${search.segment}${search.cell}`}
        />
        <Listed
          query={profiles}
          more="Earlier profiles"
          rows={10}
          empty={
            filtered ? (
              <Empty title="Nobody is like that.">
                An identifier is looked for whole, as it was sent: an e-mail address, a phone number with its
                country, a user id, a device or an anonymous id.
              </Empty>
            ) : (
              <Empty title="Nobody is known yet.">
                A profile is made of the first event that carries an identifier.
              </Empty>
            )
          }
        >
          {(items) => <Profiles items={items} />}
        </Listed>
      </Panel>
    </PeopleFrame>
  );
}

function Filters() {
  const search = useSearch({ from: "/signed-in/people" });
  const identifier = useLocation({ select: ({ state }) => state.identifier });
  const navigate = useNavigate({ from: "/people" });
  const maySegment = useCan("cdp.segments:read");
  const segments = useQuery({ ...everySegmentQuery, enabled: maySegment });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const typed = (name: string) => {
      const value = form.get(name);
      return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
    };
    const looked = typed("identifier");
    const trait = typed("trait");
    void navigate({
      search: {
        lifecycle: LIFECYCLES.find((each) => each === typed("lifecycle")),
        trait,
        value: trait === undefined ? undefined : typed("value"),
        segment: typed("segment"),
        cell: CELLS.find((each) => each === typed("cell")),
      },
      state: looked === undefined ? {} : { identifier: looked },
    });
  };
  return (
    <form
      role="search"
      onSubmit={submit}
      className="grid items-end gap-2 border-b border-line px-4 py-3 sm:grid-cols-2 lg:grid-cols-[minmax(0,2fr)_130px_150px_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1.4fr)_auto]"
    >
      <TextField
        label="Identifier"
        name="identifier"
        type="search"
        autoComplete="off"
        placeholder="E-mail, phone, user id, device…"
        defaultValue={identifier}
      />
      <SelectField label="Lifecycle" name="lifecycle" defaultValue={search.lifecycle ?? ""}>
        <option value="">Any</option>
        {LIFECYCLES.map((each) => (
          <option key={each} value={each}>
            {words(each)}
          </option>
        ))}
      </SelectField>
      <SelectField label="Cell" name="cell" defaultValue={search.cell ?? ""}>
        <option value="">Any</option>
        {CELLS.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </SelectField>
      <TextField
        label="Trait"
        name="trait"
        autoComplete="off"
        placeholder="plan"
        defaultValue={search.trait}
      />
      <TextField
        label="Its value"
        name="value"
        autoComplete="off"
        placeholder="pro"
        defaultValue={search.value}
      />
      {maySegment && (
        <SelectField
          label="Segment"
          name="segment"
          defaultValue={search.segment ?? ""}
          key={segments.dataUpdatedAt}
        >
          <option value="">Any</option>
          {segments.data?.items.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </SelectField>
      )}
      <Button type="submit">
        <Search size={14} aria-hidden />
        Find
      </Button>
    </form>
  );
}

function Profiles({ items }: { items: readonly Profile[] }) {
  return (
    <Table label="Profiles">
      <thead>
        <tr>
          <Th>Person</Th>
          <Th>Lifecycle</Th>
          <Th>Known by</Th>
          <Th figure>Events</Th>
          <Th figure>Orders</Th>
          <Th figure>Revenue</Th>
          <Th figure>Last seen</Th>
        </tr>
      </thead>
      <tbody>
        {items.map((profile) => (
          <Tr key={profile.id}>
            <Td>
              <PersonLink profileId={profile.id} />
            </Td>
            <Td>
              <LifecycleStatus lifecycle={profile.lifecycle} />
            </Td>
            <Td className="whitespace-nowrap text-ink-2">{knownBy(profile)}</Td>
            <Td figure>{integer(profile.event_count)}</Td>
            <Td figure>{integer(profile.order_count)}</Td>
            <Td figure>
              <Amounts amounts={profile.revenue} />
            </Td>
            <Td figure>
              <Age domain at={profile.last_seen_at} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function knownBy(profile: Profile): string {
  const kinds = [
    profile.has_user_id && "user id",
    profile.has_email && "e-mail",
    profile.has_phone && "phone",
  ].filter((kind) => kind !== false);
  return kinds.length === 0 ? "a browser or device" : kinds.join(", ");
}
