import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { api, body } from "@/api/client";
import type { AuditLog } from "@/api/types";
import { Button } from "@/design/button";
import { Evidence } from "@/design/evidence";
import { TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, ErrorNote, Skeleton } from "@/design/states";
import { formText } from "../auth/door";

function auditLogQuery(q: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["audit_logs", q ?? null],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/audit-logs", {
          params: {
            query: {
              ...(q === undefined ? {} : { q }),
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function AuditLogRoom() {
  const { q } = useSearch({ from: "/signed-in/settings/audit-log" });
  const log = useInfiniteQuery(auditLogQuery(q));
  const items = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <SettingsFrame>
      <Panel title="Audit log" aside={<SearchForm q={q} />}>
        {log.isPending && <Skeleton rows={8} />}
        {log.isError && log.data === undefined && (
          <ErrorNote error={log.error} onRetry={() => void log.refetch()} />
        )}
        {log.data !== undefined && items.length === 0 && (
          <Empty title={q === undefined ? "Nothing has been changed yet." : "Nothing matches."} />
        )}
        <ul>
          {items.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ul>
        {log.hasNextPage && (
          <div className="border-t border-line p-2 text-center">
            <Button tone="quiet" busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
              Earlier entries
            </Button>
          </div>
        )}
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
    <li className="border-b border-line last:border-b-0">
      <details className="group">
        <summary className="grid min-h-9 list-none grid-cols-[16px_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-1.5 hover:bg-sunken sm:grid-cols-[16px_minmax(0,1fr)_minmax(0,220px)_72px]">
          <ChevronRight
            size={14}
            aria-hidden
            className="text-ink-3 transition-transform group-open:rotate-90"
          />
          <span className="truncate font-mono text-sm">{entry.action}</span>
          <span className="truncate text-ink-2 max-sm:hidden">{entry.actor_label}</span>
          <span className="text-right text-ink-3">
            <Age at={entry.created_at} />
          </span>
        </summary>
        <div className="grid gap-4 border-t border-line bg-canvas px-4 py-3 sm:pl-11 md:grid-cols-3">
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
      </details>
    </li>
  );
}
