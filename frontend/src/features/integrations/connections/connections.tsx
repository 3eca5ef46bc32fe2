import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { AdAccount, Connection, Platform } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField } from "@/design/field";
import { Age } from "@/design/figures";
import { ErrorNote, Loaded } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { words } from "@/format/words";
import { adAccountsQuery, useChangeAccount } from "../ad_accounts/queries";
import { SyncButton } from "../ad_accounts/sync-button";
import { connectionsQuery, platformsQuery, useAuthorize } from "./queries";
import { DisconnectButton } from "./disconnect-button";

export function Connections() {
  const connections = useQuery(connectionsQuery);
  return (
    <Loaded query={connections} rows={2}>
      {({ items }) => (
        <>
          {items.map((connection) => (
            <ConnectionLine key={connection.id} connection={connection} />
          ))}
          {items.length > 0 && <AdAccounts connections={items} />}
          <ConnectPlatforms connections={items} />
        </>
      )}
    </Loaded>
  );
}

const CONNECTION_TONES: Readonly<Record<string, Tone>> = {
  active: "pass",
  needs_sign_in: "block",
  disconnected: "muted",
};

function ConnectionLine({ connection }: { connection: Connection }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2.5">
      <span className="flex items-center gap-3">
        <span className="font-medium">{words(connection.platform)}</span>
        <Status tone={CONNECTION_TONES[connection.status] ?? "muted"}>{words(connection.status)}</Status>
        {connection.read_only && <span className="text-ink-2">read only</span>}
      </span>
      <span className="flex flex-wrap items-center gap-3 text-ink-2">
        {connection.status === "disconnected"
          ? "Its history stays"
          : (connection.error ??
            (connection.expires_at === null ? (
              "Access does not end by itself"
            ) : (
              <span>
                Access ends <Age at={connection.expires_at} />
              </span>
            )))}
        {connection.status !== "disconnected" && <DisconnectButton connection={connection} />}
      </span>
    </div>
  );
}

/** The platforms without a working connection. */
function ConnectPlatforms({ connections }: { connections: readonly Connection[] }) {
  const platforms = useQuery(platformsQuery);
  const mayConnect = useCan("integrations.connections:write");
  const [readOnly, setReadOnly] = useState(true);
  return (
    <Loaded query={platforms} rows={1}>
      {(all) => {
        const missing = all.filter(
          ({ platform }) =>
            !connections.some((each) => each.platform === platform && each.status === "active"),
        );
        if (missing.length === 0) return null;
        if (!mayConnect) return <p className="px-4 py-3 text-ink-2">An administrator connects a platform.</p>;
        return (
          <div className="space-y-3 p-4">
            <p className="max-w-prose text-ink-2">
              The platform asks you which ad accounts Stratum may see. A new company starts in advisory mode:
              it suggests, and changes nothing.
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
            <ul className="flex flex-wrap gap-2">
              {missing.map((each) => (
                <li key={each.platform}>
                  <ConnectButton platform={each} readOnly={readOnly} />
                </li>
              ))}
            </ul>
          </div>
        );
      }}
    </Loaded>
  );
}

function ConnectButton({ platform, readOnly }: { platform: Platform; readOnly: boolean }) {
  const authorize = useAuthorize(platform.platform);
  if (!platform.signs_in)
    return (
      <p className="text-ink-2">
        {platform.name}: no app is set up here, so a token connects it, over the API.
      </p>
    );
  return (
    <>
      <Button
        tone="primary"
        busy={authorize.isPending}
        onClick={() => {
          authorize.mutate(readOnly);
        }}
      >
        Connect {platform.name}
      </Button>
      {authorize.isError && <ErrorNote error={authorize.error} />}
    </>
  );
}

/** Its first reading is under way: it was just switched on. */
function isFirstRead({ enabled, last_metrics_at, sync_error }: AdAccount): boolean {
  return enabled && last_metrics_at === null && sync_error === null;
}

function AdAccounts({ connections }: { connections: readonly Connection[] }) {
  const accounts = useQuery({
    ...adAccountsQuery,
    refetchInterval: ({ state }) => state.data?.items.some(isFirstRead) === true && 2_000,
  });
  return (
    <Loaded query={accounts} rows={2}>
      {({ items }) => (
        <>
          {items.length > 0 && !items.some(({ enabled }) => enabled) && (
            <p className="border-b border-line px-4 py-2">
              <Status tone="hold">
                <span className="whitespace-normal">
                  Nothing is read yet: tick “Read and score it” for each ad account that counts.
                </span>
              </Status>
            </p>
          )}
          <Table label="Ad accounts">
            <thead>
              <tr>
                <Th>Ad account</Th>
                <Th className="max-sm:hidden">Currency</Th>
                <Th className="max-sm:hidden">Time zone</Th>
                <Th figure>Metrics</Th>
                <Th>Stratum may</Th>
                <ThActions />
              </tr>
            </thead>
            <tbody>
              {items.map((account) => (
                <AccountRow
                  key={account.id}
                  account={account}
                  readOnly={connections.find(({ id }) => id === account.connection_id)?.read_only ?? true}
                />
              ))}
            </tbody>
          </Table>
        </>
      )}
    </Loaded>
  );
}

function AccountRow({ account, readOnly }: { account: AdAccount; readOnly: boolean }) {
  const mayChange = useCan("integrations.ad_accounts:write");
  return (
    <Tr>
      <Td>
        <span className="font-medium">{account.name}</span>
        <div className="font-mono text-sm text-ink-3">{account.external_id}</div>
        <div className="text-sm text-ink-3 sm:hidden">
          {account.currency}, {account.timezone}
        </div>
      </Td>
      <Td className="max-sm:hidden">{account.currency}</Td>
      <Td className="max-sm:hidden">{account.timezone}</Td>
      <Td figure>
        {isFirstRead(account) ? (
          <Status tone="accent">Reading</Status>
        ) : (
          <Age domain at={account.last_metrics_at} why="none have been read yet" />
        )}
        {account.sync_error !== null && (
          <div className="font-mono text-sm text-block">{account.sync_error}</div>
        )}
      </Td>
      <Td>
        <AccountSwitches account={account} readOnly={readOnly} disabled={!mayChange} />
      </Td>
      <Td figure>{mayChange && account.enabled && <SyncButton accountId={account.id} />}</Td>
    </Tr>
  );
}

const LEAD_EVENTS = [
  "CUSTOM_EVENT_1",
  "CUSTOM_EVENT_2",
  "CUSTOM_EVENT_3",
  "CUSTOM_EVENT_4",
  "CUSTOM_EVENT_5",
] as const;

interface AccountSwitchesProps {
  account: AdAccount;
  readOnly: boolean;
  disabled: boolean;
}

/** What Stratum may do with the account: read it, write to it, send conversions to it. */
function AccountSwitches({ account, readOnly, disabled }: AccountSwitchesProps) {
  const change = useChangeAccount(account.id);
  const switches = [
    { key: "enabled" as const, label: "Read and score it", off: false },
    { key: "write_lease" as const, label: "Change budgets there", off: readOnly || !account.enabled },
    { key: "conversions_enabled" as const, label: "Send conversions", off: !account.enabled },
  ];
  return (
    <fieldset disabled={disabled || change.isPending}>
      <legend className="sr-only">What Stratum may do with {account.name}</legend>
      {switches.map(({ key, label, off }) => (
        <label key={key} className="flex items-center gap-2 whitespace-nowrap">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={(change.isPending ? change.variables[key] : undefined) ?? account[key]}
            disabled={off}
            onChange={(event) => {
              change.mutate({ [key]: event.target.checked });
            }}
          />
          {label}
          {key === "write_lease" && readOnly && (
            <span className="text-sm text-ink-3">not on a read-only connection</span>
          )}
        </label>
      ))}
      {account.platform === "snapchat" && account.conversions_enabled && (
        <SelectField
          label="A lead is told as"
          value={(change.isPending ? change.variables.lead_event : undefined) ?? account.lead_event ?? ""}
          onChange={(event) => {
            change.mutate({ lead_event: LEAD_EVENTS.find((name) => name === event.target.value) ?? null });
          }}
        >
          <option value="">nothing: leads are not sent</option>
          {LEAD_EVENTS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      )}
      {change.isError && <ErrorNote error={change.error} />}
    </fieldset>
  );
}
