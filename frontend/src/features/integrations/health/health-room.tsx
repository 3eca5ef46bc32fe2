import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ConnectorHealth } from "@/api/types";
import { LINK } from "@/design/classes";
import { Expandable } from "@/design/expandable";
import { Age, Unknown } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { OperationsFrame } from "@/features/work/operations-frame";
import { integer } from "@/format/numbers";
import { share } from "@/format/shares";
import { words } from "@/format/words";
import { standingOf } from "./circuits";
import { ConnectorHistory } from "./connector-history";
import { connectorsQuery } from "./queries";

export function HealthRoom() {
  const connectors = useQuery(connectorsQuery);
  return (
    <OperationsFrame>
      <Panel title="How the platforms answer">
        <Loaded query={connectors} rows={4}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No ad account is switched on.">
                Connect a platform and switch an account on, under Connections: each call to it is counted
                here.
              </Empty>
            ) : (
              <ul>
                {items.map((connector) => (
                  <ConnectorLine key={connector.ad_account_id} connector={connector} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
    </OperationsFrame>
  );
}

function ConnectorLine({ connector }: { connector: ConnectorHealth }) {
  const [opened, setOpened] = useState(false);
  const { tone, says } = standingOf(connector);
  return (
    <Expandable
      onOpen={() => {
        setOpened(true);
      }}
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_132px_minmax(0,1fr)_minmax(0,200px)_72px]"
      summary={
        <>
          <Status tone={tone}>{says}</Status>
          <span className="min-w-0 max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            <span className="font-medium">{connector.name}</span>{" "}
            <span className="text-ink-3">{words(connector.platform)}</span>
          </span>
          <span className="text-ink-2 max-sm:hidden">
            {connector.success_rate === null
              ? "not called in 24 hours"
              : `${share(connector.success_rate)} of ${integer(connector.calls)} succeeded`}
          </span>
          <span className="text-right text-ink-3">
            <Age at={connector.last_success_at} why="no call succeeded in 30 days" />
          </span>
        </>
      }
    >
      <Connector connector={connector} />
      {opened && <ConnectorHistory accountId={connector.ad_account_id} />}
    </Expandable>
  );
}

function Connector({ connector }: { connector: ConnectorHealth }) {
  return (
    <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
      <div>
        <p className="max-w-prose">{standingOf(connector).means}</p>
        {connector.waits_seconds > 0 && (
          <p className="mt-1 text-ink-2">Calls go on in {integer(connector.waits_seconds)} s.</p>
        )}
        <Link
          to="/operations/calls"
          search={{ account: connector.ad_account_id }}
          className={`mt-2 inline-block ${LINK}`}
        >
          Its failed calls
        </Link>
      </div>
      <Facts className="content-start">
        <Fact term="Last success">
          <Age at={connector.last_success_at} why="no call succeeded in 30 days" />
        </Fact>
        <Fact term="Calls in 24 hours">
          {integer(connector.calls)}, {integer(connector.failures)} failed, {integer(connector.throttled)}{" "}
          held back
        </Fact>
        <Fact term="95th percentile">
          {connector.p95_ms === null ? <Unknown why="no call was made" /> : `${integer(connector.p95_ms)} ms`}
        </Fact>
        <Fact term="Last sync">
          <Age domain at={connector.last_synced_at} why="it was never synced" />
          {connector.sync_error_code !== null && (
            <>
              {" "}
              <code className="font-mono text-sm text-ink-3">{connector.sync_error_code}</code>
            </>
          )}
        </Fact>
      </Facts>
    </div>
  );
}
