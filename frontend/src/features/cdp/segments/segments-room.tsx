import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useDeferredValue, useEffect, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Segment } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK } from "@/design/classes";
import { SelectField, TextField } from "@/design/field";
import { Age, Unknown } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import { PeopleFrame } from "../people-frame";
import { UploadButton } from "./list-upload";
import { segmentsQuery } from "./queries";
import { kindOf, SegmentState } from "./segment-state";

const FROM = "/signed-in/people/segments";

export function SegmentsRoom() {
  const search = useSearch({ from: FROM });
  const segments = useQuery(segmentsQuery(search));
  const mayWrite = useCan("cdp.segments:write");
  const filtered = [search.q, search.kind, search.show].some((each) => each !== undefined);
  return (
    <PeopleFrame>
      {mayWrite && (
        <div className="flex flex-wrap justify-end gap-2 max-sm:px-4">
          <UploadButton />
          <Button asChild tone="primary">
            <Link to="/people/segments/new">
              <Plus size={14} aria-hidden />
              New segment
            </Link>
          </Button>
        </div>
      )}
      <Panel
        title={search.show === "archived" ? "Archived segments" : "Segments"}
        aside={<Filters key={search.show ?? "there"} />}
      >
        <Loaded query={segments} rows={8}>
          {(page) =>
            page.items.length === 0 ? (
              <NoSegments filtered={filtered} mayWrite={mayWrite} />
            ) : (
              <>
                <Segments items={page.items} />
                <Pager page={page.page} pages={page.pages} total={page.total} />
              </>
            )
          }
        </Loaded>
      </Panel>
    </PeopleFrame>
  );
}

function NoSegments({ filtered, mayWrite }: { filtered: boolean; mayWrite: boolean }) {
  if (filtered) return <Empty title="No segment is like that.">Change the search or the filters.</Empty>;
  return (
    <Empty
      title="No segments yet."
      action={
        mayWrite && (
          <Button asChild>
            <Link to="/people/segments/new">Build the first one</Link>
          </Button>
        )
      }
    >
      A segment is everybody for whom a rule holds, such as who filled a cart and did not order. It follows
      people as things happen.
    </Empty>
  );
}

function Segments({ items }: { items: readonly Segment[] }) {
  return (
    <Table label="Segments">
      <thead>
        <tr>
          <Th>Segment</Th>
          <Th>Kind</Th>
          <Th>State</Th>
          <Th figure>Members</Th>
          <Th figure>Last change</Th>
        </tr>
      </thead>
      <tbody>
        {items.map((segment) => (
          <Tr key={segment.id}>
            <Td className="min-w-48">
              <Link
                to="/people/segments/$segmentId"
                params={{ segmentId: segment.id }}
                className={ENTRY_LINK}
              >
                {segment.name}
              </Link>
              {segment.description !== "" && (
                <p className="max-w-prose truncate text-sm text-ink-3">{segment.description}</p>
              )}
            </Td>
            <Td className="whitespace-nowrap text-ink-2">{kindOf(segment)}</Td>
            <Td>
              <SegmentState segment={segment} />
            </Td>
            <Td figure>
              {segment.computed_version === null ? (
                <Unknown why="it has not been counted yet" />
              ) : (
                integer(segment.member_count)
              )}
            </Td>
            <Td figure>
              <Age domain at={segment.updated_at} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function Filters() {
  const search = useSearch({ from: FROM });
  const navigate = useNavigate({ from: "/people/segments" });
  const [typed, setTyped] = useState(search.q ?? "");
  const wanted = useDeferredValue(typed.trim());
  useEffect(() => {
    void navigate({
      search: (was) => ((was.q ?? "") === wanted ? was : { ...was, q: wanted || undefined, page: undefined }),
      replace: true,
    });
  }, [wanted, navigate]);
  return (
    <form
      role="search"
      className="flex flex-wrap gap-2 py-1"
      onSubmit={(event) => {
        event.preventDefault();
      }}
    >
      <div className="w-44 max-sm:w-full">
        <TextField
          label="Search by name"
          hideLabel
          type="search"
          placeholder="Search"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
          }}
        />
      </div>
      <div className="w-36">
        <SelectField
          label="Kind"
          hideLabel
          value={search.kind ?? ""}
          onChange={(event) => {
            const kind = (["rule", "list"] as const).find((each) => each === event.target.value);
            void navigate({ search: (was) => ({ ...was, kind, page: undefined }) });
          }}
        >
          <option value="">Every kind</option>
          <option value="rule">Rules</option>
          <option value="list">Uploaded lists</option>
        </SelectField>
      </div>
      <div className="w-36">
        <SelectField
          label="Which"
          hideLabel
          value={search.show ?? ""}
          onChange={(event) => {
            const show = event.target.value === "archived" ? "archived" : undefined;
            void navigate({ search: (was) => ({ ...was, show, page: undefined }) });
          }}
        >
          <option value="">In use</option>
          <option value="archived">Archived</option>
        </SelectField>
      </div>
      <div className="w-44">
        <SelectField
          label="Order"
          hideLabel
          value={search.sort ?? "name"}
          onChange={(event) => {
            const sort = (["-member_count", "-updated_at"] as const).find(
              (each) => each === event.target.value,
            );
            void navigate({ search: (was) => ({ ...was, sort, page: undefined }) });
          }}
        >
          <option value="name">By name</option>
          <option value="-member_count">Largest first</option>
          <option value="-updated_at">Last changed first</option>
        </SelectField>
      </div>
    </form>
  );
}

function Pager({ page, pages, total }: { page: number; pages: number; total: number }) {
  return (
    <nav
      aria-label="Pages"
      className="flex items-center justify-between border-t border-line px-4 py-2 text-ink-2"
    >
      <span>{plural(total, "segment")}</span>
      {pages > 1 && (
        <span className="flex items-center gap-3">
          {page > 1 && (
            <Link
              from="/people/segments"
              to="."
              search={(was) => ({ ...was, page: page - 1 })}
              className="underline"
            >
              Previous
            </Link>
          )}
          Page {page} of {pages}
          {page < pages && (
            <Link
              from="/people/segments"
              to="."
              search={(was) => ({ ...was, page: page + 1 })}
              className="underline"
            >
              Next
            </Link>
          )}
        </span>
      )}
    </nav>
  );
}
