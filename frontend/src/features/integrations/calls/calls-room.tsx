import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { PlatformCall } from "@/api/types";
import { Expandable } from "@/design/expandable";
import { SelectField } from "@/design/field";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { OperationsFrame } from "@/features/work/operations-frame";
import { words } from "@/format/words";
import { AccountPicker, useAccountName } from "../ad_accounts/account-picker";
import { PLATFORMS } from "../platforms";
import { CallDetail } from "./call-detail";
import { OUTCOMES, toneOf } from "./outcomes";
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
            Object.values(search).every((each) => each === undefined) ? (
              <Empty title="No call has failed.">
                Each request to a platform is kept for 30 days; those that failed stand here, with why.
              </Empty>
            ) : (
              <Empty title="No call like that was made.">
                Each request to a platform is kept for 30 days.
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
      <div className="w-40">
        <SelectField
          label="Outcome"
          hideLabel
          value={search.show ?? ""}
          onChange={(event) => {
            const show = (["all", ...OUTCOMES] as const).find((each) => each === event.target.value);
            void navigate({ search: (was) => ({ ...was, show }) });
          }}
        >
          <option value="">Failed</option>
          <option value="all">All</option>
          {OUTCOMES.map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
        </SelectField>
      </div>
      <div className="w-36">
        <SelectField
          label="Time"
          hideLabel
          value={search.within ?? ""}
          onChange={(event) => {
            const within = (["hour", "day", "week"] as const).find((each) => each === event.target.value);
            void navigate({ search: (was) => ({ ...was, within }) });
          }}
        >
          <option value="">Last 30 days</option>
          <option value="week">Last 7 days</option>
          <option value="day">Last 24 hours</option>
          <option value="hour">Last hour</option>
        </SelectField>
      </div>
      <div className="w-36">
        <SelectField
          label="Platform"
          hideLabel
          value={search.platform ?? ""}
          onChange={(event) => {
            const platform = PLATFORMS.find((each) => each === event.target.value);
            void navigate({ search: (was) => ({ ...was, platform }) });
          }}
        >
          <option value="">Every platform</option>
          {PLATFORMS.map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
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
  const [opened, setOpened] = useState(false);
  return (
    <Expandable
      onOpen={() => {
        setOpened(true);
      }}
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_112px_minmax(0,1fr)_minmax(0,200px)_72px]"
      summary={
        <>
          <Status tone={toneOf(call)}>{words(call.outcome)}</Status>
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
      {opened && <CallDetail callId={call.id} account={account} />}
    </Expandable>
  );
}
