import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { AuditLog } from "@/api/types";
import { Evidence } from "@/design/evidence";
import { Expandable } from "@/design/expandable";
import { TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { formText } from "@/design/form";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { auditLogQuery } from "./queries";

export function AuditLogRoom() {
  const { q } = useSearch({ from: "/signed-in/settings/audit-log" });
  const log = useInfiniteQuery(auditLogQuery(q));
  return (
    <SettingsFrame>
      <Panel title="Audit log" aside={<SearchForm q={q} />}>
        <Listed
          query={log}
          rows={8}
          more="Earlier entries"
          empty={<Empty title={q === undefined ? "Nothing has been changed yet." : "Nothing matches."} />}
        >
          {(items) => (
            <ul>
              {items.map((entry) => (
                <Entry key={entry.id} entry={entry} />
              ))}
            </ul>
          )}
        </Listed>
      </Panel>
    </SettingsFrame>
  );
}

function SearchForm({ q }: { q: string | undefined }) {
  const navigate = useNavigate({ from: "/settings/audit-log" });
  return (
    <form
      role="search"
      className="w-56 py-1"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ search: { q: formText(event.currentTarget, "q") || undefined } });
      }}
    >
      <TextField
        label="Search the log"
        hideLabel
        name="q"
        type="search"
        placeholder="Search, Enter"
        defaultValue={q}
      />
    </form>
  );
}

function Entry({ entry }: { entry: AuditLog }) {
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_minmax(0,1fr)_minmax(0,220px)_72px]"
      summary={
        <>
          <span className="truncate font-mono text-sm">{entry.action}</span>
          <span className="truncate text-ink-2 max-sm:hidden">{entry.actor_label}</span>
          <span className="text-right text-ink-3">
            <Age at={entry.created_at} />
          </span>
        </>
      }
    >
      <div className="grid gap-4 md:grid-cols-3">
        <Facts className="content-start">
          <Fact term="Of">
            {entry.entity} <code className="font-mono text-sm break-all">{entry.entity_id}</code>
          </Fact>
          <Fact term="Address">{entry.ip ?? "none"}</Fact>
          <Fact term="Request">
            <code className="font-mono text-sm break-all">{entry.request_id ?? "none"}</code>
          </Fact>
        </Facts>
        <section aria-label="Before">
          <h4 className="mb-1 font-medium">Before</h4>
          <Evidence value={entry.before ?? {}} empty="Nothing." />
        </section>
        <section aria-label="After">
          <h4 className="mb-1 font-medium">After</h4>
          <Evidence value={entry.after ?? {}} empty="Nothing." />
        </section>
      </div>
    </Expandable>
  );
}
