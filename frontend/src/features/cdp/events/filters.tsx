import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { Search, X } from "lucide-react";
import type { SyntheticEvent } from "react";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { sourcesQuery } from "../sources/queries";

export interface EventSearch {
  readonly name: string | undefined;
  readonly source: string | undefined;
  readonly message: string | undefined;
  /** Whom an event names: it may name somebody itself, so it is no part of an address. */
  readonly identifier: string | undefined;
}

/** What events are looked for by, wherever it stands. */
export function useEventSearch(): EventSearch {
  const { name, source, message } = useSearch({ from: "/signed-in/events" });
  const identifier = useLocation({ select: ({ state }) => state.identifier });
  return { name, source, message, identifier };
}

export function isNarrowed(search: EventSearch): boolean {
  return Object.values(search).some((each) => each !== undefined);
}

export function Filters() {
  const search = useEventSearch();
  return <FilterForm key={Object.values(search).join("\n")} search={search} />;
}

function FilterForm({ search }: { search: EventSearch }) {
  const sources = useQuery(sourcesQuery);
  const navigate = useNavigate({ from: "/events" });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const typed = (field: string) => {
      const value = form.get(field);
      return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
    };
    const identifier = typed("identifier");
    void navigate({
      search: ({ show }) => ({
        show,
        source: typed("source"),
        name: typed("name"),
        message: typed("message"),
      }),
      state: identifier === undefined ? {} : { identifier },
    });
  };
  return (
    <form
      role="search"
      onSubmit={submit}
      className="grid items-end gap-2 border-b border-line px-4 py-3 sm:grid-cols-2 lg:grid-cols-[160px_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1fr)_auto]"
    >
      <SelectField label="Source" name="source" defaultValue={search.source ?? ""}>
        <option value="">Every source</option>
        {sources.data?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Event name"
        name="name"
        autoComplete="off"
        placeholder="Order Completed"
        defaultValue={search.name}
      />
      <TextField label="Message id" name="message" autoComplete="off" defaultValue={search.message} />
      <TextField
        label="User or anonymous id"
        name="identifier"
        autoComplete="off"
        placeholder="Or an e-mail, phone, device…"
        defaultValue={search.identifier}
      />
      <div className="flex gap-2">
        <Button type="submit">
          <Search size={14} aria-hidden />
          Find
        </Button>
        {isNarrowed(search) && (
          <Button
            tone="quiet"
            onClick={() => {
              void navigate({ search: ({ show }) => ({ show }), state: {} });
            }}
          >
            <X size={14} aria-hidden />
            Clear
          </Button>
        )}
      </div>
    </form>
  );
}
