import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { AdAccount, Connection } from "@/api/types";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { ErrorNote, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { words } from "@/format/words";
import { adAccountsQuery, connectionsQuery, useAuthorize, useSync } from "./queries";

export function Connections() {
  const connections = useQuery(connectionsQuery);
  return (
    <Loaded query={connections} rows={2}>
      {({ items }) => (
        <>
          {items.map((connection) => (
            <ConnectionLine key={connection.id} connection={connection} />
          ))}
          {items.length > 0 && <AdAccounts />}
          {!items.some(({ platform, status }) => platform === "meta" && status === "active") && (
            <ConnectMeta />
          )}
        </>
      )}
    </Loaded>
  );
}

function ConnectionLine({ connection }: { connection: Connection }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2.5">
      <span className="flex items-center gap-3">
        <span className="font-medium">{words(connection.platform)}</span>
        <Status tone={connection.status === "active" ? "pass" : "block"}>{words(connection.status)}</Status>
        {connection.read_only && <span className="text-ink-2">read only</span>}
      </span>
      <span className="text-ink-2">
        {connection.error ?? (
          <>
            Access ends <Age at={connection.expires_at} why="the platform names no end" />
          </>
        )}
      </span>
    </div>
  );
}

function ConnectMeta() {
  const mayConnect = useCan("integrations.connections:write");
  const [readOnly, setReadOnly] = useState(true);
  const authorize = useAuthorize("meta");
  if (!mayConnect) return <p className="px-4 py-3 text-ink-2">An administrator connects the platform.</p>;
  return (
    <div className="space-y-3 p-4">
      <p className="max-w-prose text-ink-2">
        Meta asks you which ad accounts Stratum may see. A new company starts in advisory mode: it suggests,
        and changes nothing.
      </p>
      <label className="flex w-fit items-center gap-2">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={readOnly}
          onChange={(event) => {
            setReadOnly(event.target.checked);
          }}
        />
        Read only: Stratum can never change anything there
      </label>
      {authorize.isError && <ErrorNote error={authorize.error} />}
      <Button
        tone="primary"
        busy={authorize.isPending}
        onClick={() => {
          authorize.mutate(readOnly);
        }}
      >
        Connect Meta
      </Button>
    </div>
  );
}

function AdAccounts() {
  const accounts = useQuery(adAccountsQuery);
  return (
    <Loaded query={accounts} rows={2}>
      {({ items }) => (
        <Table label="Ad accounts">
          <thead>
            <tr>
              <Th>Ad account</Th>
              <Th>Currency</Th>
              <Th>Time zone</Th>
              <Th figure>Metrics</Th>
              <ThActions />
            </tr>
          </thead>
          <tbody>
            {items.map((account) => (
              <AccountRow key={account.id} account={account} />
            ))}
          </tbody>
        </Table>
      )}
    </Loaded>
  );
}

function AccountRow({ account }: { account: AdAccount }) {
  const maySync = useCan("integrations.ad_accounts:write");
  const sync = useSync();
  return (
    <Tr>
      <Td>
        <span className="font-medium">{account.name}</span>
        <div className="font-mono text-sm text-ink-3">{account.external_id}</div>
      </Td>
      <Td>{account.currency}</Td>
      <Td>{account.timezone}</Td>
      <Td figure>
        <Age domain at={account.last_metrics_at} why="none have been read yet" />
      </Td>
      <Td figure>
        {maySync && (
          <Button
            busy={sync.isPending}
            disabled={sync.isSuccess}
            onClick={() => {
              sync.mutate(account.id);
            }}
          >
            {sync.isSuccess ? "Queued" : "Sync now"}
          </Button>
        )}
        {sync.isError && <ErrorNote error={sync.error} />}
      </Td>
    </Tr>
  );
}
