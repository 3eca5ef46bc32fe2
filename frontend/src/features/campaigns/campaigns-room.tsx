import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useState } from "react";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { plural } from "@/format/words";
import { BulkBar } from "./bulk/bulk-bar";
import { CampaignTable } from "./campaign-table";
import { CampaignsFrame } from "./campaigns-frame";
import { labelsQuery } from "./labels/queries";
import { campaignsQuery } from "./queries";

export function CampaignsRoom() {
  const search = useSearch({ from: "/signed-in/campaigns" });
  const campaigns = useQuery(campaignsQuery(search));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const mayChange = useCan("autopilot.actions:write");
  const choosable = useCan("campaigns.labels:write") || mayChange;
  const filtered = (search.q ?? search.status ?? search.label) !== undefined;
  return (
    <CampaignsFrame>
      <Panel title="All campaigns" aside={<Filters />}>
        <Loaded query={campaigns} rows={8}>
          {(page) =>
            page.items.length === 0 ? (
              <NoCampaigns filtered={filtered} />
            ) : (
              <>
                <BulkBar
                  chosen={page.items.filter(({ id }) => chosen.has(id))}
                  onClear={() => {
                    setChosen(new Set());
                  }}
                />
                <CampaignTable
                  campaigns={page.items}
                  sort={search.sort}
                  chosen={chosen}
                  onChoose={setChosen}
                  choosable={choosable}
                />
                <Pager page={page.page} pages={page.pages} total={page.total} capped={page.total_capped} />
              </>
            )
          }
        </Loaded>
      </Panel>
    </CampaignsFrame>
  );
}

function NoCampaigns({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="No campaign is like that.">Change the search or the filters.</Empty>
  ) : (
    <Empty
      title="No campaigns yet."
      action={
        <Button asChild>
          <Link to="/connect">Connect a platform</Link>
        </Button>
      }
    >
      They appear within a minute of connecting an ad account.
    </Empty>
  );
}

function Filters() {
  const search = useSearch({ from: "/signed-in/campaigns" });
  const navigate = useNavigate({ from: "/campaigns" });
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
      <div className="w-44 max-sm:w-40">
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
      <div className="w-36 max-sm:w-40">
        <SelectField
          label="Status"
          hideLabel
          value={search.status ?? ""}
          onChange={(event) => {
            const status = event.target.value;
            void navigate({ search: (was) => ({ ...was, status: status || undefined, page: undefined }) });
          }}
        >
          <option value="">Every status</option>
          <option value="active">Active</option>
          <option value="paused">Paused</option>
        </SelectField>
      </div>
      <LabelFilter />
    </form>
  );
}

function LabelFilter() {
  const { label } = useSearch({ from: "/signed-in/campaigns" });
  const navigate = useNavigate({ from: "/campaigns" });
  const labels = useQuery(labelsQuery);
  if (label === undefined && (labels.data?.items ?? []).length === 0) return null;
  return (
    <div className="w-36 max-sm:w-40">
      <SelectField
        label="Only with the label"
        hideLabel
        value={label ?? ""}
        onChange={(event) => {
          const chosen = event.target.value;
          void navigate({ search: (was) => ({ ...was, label: chosen || undefined, page: undefined }) });
        }}
      >
        <option value="">Every label</option>
        {labels.data?.items.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function Pager({
  page,
  pages,
  total,
  capped,
}: {
  page: number;
  pages: number;
  total: number;
  capped: boolean;
}) {
  return (
    <nav
      aria-label="Pages"
      className="flex items-center justify-between border-t border-line px-4 py-2 text-ink-2"
    >
      <span>
        {capped ? "More than " : ""}
        {plural(total, "campaign")}
      </span>
      {pages > 1 && (
        <span className="flex items-center gap-3">
          {page > 1 && (
            <Link
              from="/campaigns"
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
              from="/campaigns"
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
