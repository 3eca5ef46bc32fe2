import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { PlatformCall } from "@/api/types";
import { cx, LINK } from "@/design/classes";
import { Expandable } from "@/design/expandable";
import { SelectField } from "@/design/field";
import { Age, Moment, Unknown } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { OperationsFrame } from "@/features/work/operations-frame";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { AccountPicker, useAccountName } from "../ad_accounts/account-picker";
import { SyncButton } from "../ad_accounts/sync-button";
import { mayBeReadAgain, meaning } from "./outcomes";
import { callsQuery } from "./queries";

export function CallsRoom() {
  const search = useSearch({ from: "/signed-in/operations/calls" });
  const calls = useInfiniteQuery(callsQuery(search));
  return (
    <OperationsFrame>
      <Panel title="Calls to the platforms" aside={<Filters />}>
        <Listed
          query={calls}
          more="Earlier calls"
          empty={
            search.show === "all" ? (
              <Empty title="No call like that was made.">
                Each request to a platform is kept for 30 days.
              </Empty>
            ) : (
              <Empty title="No call has failed.">
                Each request to a platform is kept for 30 days; those that failed stand here, with why.
              </Empty>
            )
          }
        >
          {(items) => (
            <ul>
              {items.map((call) => (
                <CallLine key={call.id} call={call} />
              ))}
            </ul>
          )}
        </Listed>
      </Panel>
    </OperationsFrame>
  );
}

function Filters() {
  const search = useSearch({ from: "/signed-in/operations/calls" });
  const navigate = useNavigate({ from: "/operations/calls" });
  return (
    <div className="flex flex-wrap gap-2 py-1">
      <div className="w-32">
        <SelectField
          label="Outcome"
          hideLabel
          value={search.show ?? ""}
          onChange={(event) => {
            const show = event.target.value === "all" ? ("all" as const) : undefined;
            void navigate({ search: (was) => ({ ...was, show }) });
          }}
        >
          <option value="">Failed</option>
          <option value="all">All</option>
        </SelectField>
      </div>
      <div className="w-52">
        <SelectField
          label="Kind"
          hideLabel
          value={search.kind ?? ""}
          onChange={(event) => {
            const kind = event.target.value as "writes" | "reads" | "";
            void navigate({ search: (was) => ({ ...was, kind: kind === "" ? undefined : kind }) });
          }}
        >
          <option value="">Reads and writes</option>
          <option value="reads">Reads</option>
          <option value="writes">Writes</option>
        </SelectField>
      </div>
      <AccountPicker
        chosen={search.account}
        onChoose={(account) => {
          void navigate({ search: (was) => ({ ...was, account }) });
        }}
      />
    </div>
  );
}

function CallLine({ call }: { call: PlatformCall }) {
  const nameOf = useAccountName();
  const account = nameOf(call.ad_account_id);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_112px_minmax(0,1fr)_minmax(0,200px)_72px]"
      summary={
        <>
          <Status tone={meaning(call.outcome).tone}>{words(call.outcome)}</Status>
          <span className="min-w-0 max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            <span className="font-medium">{words(call.operation)}</span>{" "}
            {call.mutating && <span className="text-ink-3">write</span>}
            {call.error_message !== null && (
              <span className="block truncate text-ink-2">{call.error_message}</span>
            )}
          </span>
          <span className="truncate text-ink-2 max-sm:hidden">{account ?? words(call.platform)}</span>
          <span className="text-right text-ink-3">
            <Age at={call.started_at} />
          </span>
        </>
      }
    >
      <CallDetail call={call} account={account} />
    </Expandable>
  );
}

function CallDetail({ call, account }: { call: PlatformCall; account: string | null }) {
  const maySync = useCan("integrations.ad_accounts:write");
  return (
    <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
      <div>
        <p className="max-w-prose">{call.error_message ?? "The platform gave no message."}</p>
        <p className="mt-1 max-w-prose text-ink-2">{meaning(call.outcome).next}</p>
        <div className="mt-3 flex flex-wrap gap-2 empty:hidden">
          {maySync && mayBeReadAgain(call) && call.ad_account_id !== null && (
            <SyncButton accountId={call.ad_account_id} label="Read the account again" />
          )}
        </div>
        {(call.outcome === "auth" || call.outcome === "permission") && (
          <Link to="/connect" className={cx("mt-2 inline-block", LINK)}>
            To the connections
          </Link>
        )}
      </div>
      <Facts className="content-start">
        <Fact term="Request">
          <code className="font-mono text-sm break-all">
            {call.method} {call.path}
          </code>
        </Fact>
        <Fact term="Answer">
          {call.status === null ? <Unknown why="no answer came" /> : `HTTP ${call.status}`}
          {call.error_code !== null && (
            <>
              {" "}
              <code className="font-mono text-sm text-ink-3">{call.error_code}</code>
            </>
          )}
        </Fact>
        <Fact term="Took">{integer(call.duration_ms)} ms</Fact>
        <Fact term="Attempt">{integer(call.attempt)}</Fact>
        <Fact term="At">
          <Moment at={call.started_at} />
        </Fact>
        <Fact term="Platform">
          {words(call.platform)}
          {account !== null && `, ${account}`}
        </Fact>
        {call.trace !== null && (
          <Fact term="Platform’s id">
            <code className="font-mono text-sm break-all">{call.trace}</code>
          </Fact>
        )}
        {call.permit_id !== null && (
          <Fact term="Permit">
            <code className="font-mono text-sm break-all">{call.permit_id}</code>
          </Fact>
        )}
      </Facts>
    </div>
  );
}
