import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { CrmAccount, CrmProvider, CrmSync } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { Age } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { CreationForm } from "./creation-form";
import { DealForm } from "./deal-form";
import { MappingForm } from "./mapping-form";
import {
  crmAccountsQuery,
  crmProvidersQuery,
  crmSyncsQuery,
  useAuthorizeCrm,
  useChangeCrm,
  useDisconnectCrm,
  useSyncCrm,
} from "./queries";
import { Departures } from "./departures";
import { LastSyncs } from "../sync-table";
import { Writes } from "./writes";

const TONES: Readonly<Record<CrmAccount["status"], Tone>> = {
  active: "pass",
  needs_sign_in: "block",
  disconnected: "muted",
};

/** The CRMs that are connected, how each goes, and those that could be. */
export function CrmAccounts() {
  const accounts = useQuery(crmAccountsQuery);
  return (
    <Loaded query={accounts} rows={2}>
      {({ items }) => (
        <>
          {items.map((account) => (
            <Account key={account.id} account={account} />
          ))}
          <Connect accounts={items} />
        </>
      )}
    </Loaded>
  );
}

function Connect({ accounts }: { accounts: readonly CrmAccount[] }) {
  const providers = useQuery(crmProvidersQuery);
  const mayConnect = useCan("integrations.crm:write");
  const connected: ReadonlySet<string> = new Set(
    accounts.filter(({ status }) => status === "active").map(({ provider }) => provider),
  );
  return (
    <Loaded query={providers} rows={1}>
      {(all) => {
        const missing = all.filter(({ provider }) => !connected.has(provider));
        if (missing.length === 0) return null;
        if (!mayConnect) return <p className="px-4 py-3 text-ink-2">An administrator connects a CRM.</p>;
        return (
          <div className="space-y-3 p-4">
            <p className="max-w-prose text-ink-2">
              Its contacts become people here, and a deal that is won becomes an order. Nothing is written
              there until you allow it and say what.
            </p>
            <ul className="flex flex-wrap gap-2">
              {missing.map((each) => (
                <li key={each.provider}>
                  <ConnectButton provider={each} />
                </li>
              ))}
            </ul>
          </div>
        );
      }}
    </Loaded>
  );
}

function ConnectButton({ provider }: { provider: CrmProvider }) {
  const authorize = useAuthorizeCrm(provider.provider);
  if (!provider.signs_in) return <p className="text-ink-2">{provider.name}: no app is set up here.</p>;
  return (
    <>
      <Button
        busy={authorize.isPending}
        onClick={() => {
          authorize.mutate({ writes: false });
        }}
      >
        Connect {provider.name}
      </Button>
      {authorize.isError && <ErrorNote error={authorize.error} />}
    </>
  );
}

function Account({ account }: { account: CrmAccount }) {
  const mayWrite = useCan("integrations.crm:write");
  return (
    <section aria-label={account.name} className="space-y-3 border-b border-line p-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <Facts>
          <Fact term="Account">{account.name}</Fact>
          <Fact term="State">
            <Status tone={TONES[account.status]}>{words(account.status)}</Status>
            {account.error_code !== null && (
              <span className="ml-2 text-block">
                {account.error} <code className="font-mono text-sm">{account.error_code}</code>
              </span>
            )}
          </Fact>
          <Fact term="Last read whole">
            {account.is_reading && account.last_synced_at === null ? (
              <Status tone="accent">Reading</Status>
            ) : (
              <Age domain at={account.last_synced_at} why="it has not been read yet" />
            )}
          </Fact>
          <Fact term="Writing">
            {account.can_write ? (
              <>
                Allowed, {integer(account.waiting)} wait
                <Troubled count={account.faults} how="failed" />
              </>
            ) : (
              "Not allowed"
            )}
          </Fact>
          {(account.create_segment_id !== null || account.created > 0) && (
            <Fact term="Created there">
              {integer(account.created)}
              <Troubled count={account.not_created} how="refused" />
            </Fact>
          )}
          <Fact term="Told by the CRM">
            <Told account={account} />
          </Fact>
          <Fact term="Contacts told">
            {integer(account.contacts)}
            {account.departures > 0 && `, ${integer(account.departures)} are gone there`}
          </Fact>
          <Fact term="Deals, told as won">
            {integer(account.deals)}, {integer(account.deals_told)}
            <Troubled count={account.deals_misreported} how="reported with another amount" />
          </Fact>
        </Facts>
        {mayWrite && <Acts account={account} />}
      </div>
      <Syncs account={account} />
      <Writes account={account} />
      {account.departures > 0 && <Departures account={account} />}
    </section>
  );
}

function Troubled({ count, how }: { count: number; how: string }) {
  return (
    count > 0 && (
      <span className="text-block">
        , {integer(count)} {how}
      </span>
    )
  );
}

const REFUSED: Readonly<Record<NonNullable<CrmAccount["webhook_refused_why"]>, string>> = {
  signature: "its signature was wrong: check the app’s secret and the registered address",
  too_old: "it was signed too long ago",
};

/** When the CRM said something by itself, and what was refused in its name. */
function Told({ account }: { account: CrmAccount }) {
  const { webhooks_refused: refused, webhook_refused_why: why } = account;
  return (
    <>
      {account.webhook_at === null && account.provider === "salesforce" ? (
        "By the clock alone"
      ) : (
        <Age at={account.webhook_at} why="it has told of nothing yet" />
      )}
      {refused > 0 && (
        <span className="ml-2 text-block">
          {integer(refused)} refused{why !== null && `; the last: ${REFUSED[why]}`}
        </span>
      )}
    </>
  );
}

function Acts({ account }: { account: CrmAccount }) {
  const [mapping, setMapping] = useState(false);
  const [creating, setCreating] = useState(false);
  const [dealing, setDealing] = useState(false);
  const sync = useSyncCrm(account);
  const change = useChangeCrm(account);
  const disconnect = useDisconnectCrm(account);
  const authorize = useAuthorizeCrm(account.provider);
  if (account.status !== "active") return null;
  return (
    <div className="flex flex-wrap items-start gap-2">
      <Button
        busy={sync.isPending}
        disabled={!account.enabled}
        onClick={() => {
          sync.mutate();
        }}
      >
        Run now
      </Button>
      <Button
        onClick={() => {
          setMapping(true);
        }}
      >
        What is told
      </Button>
      {account.can_write && (
        <Button
          onClick={() => {
            setCreating(true);
          }}
        >
          Who is created
        </Button>
      )}
      {account.can_write && (
        <Button
          onClick={() => {
            setDealing(true);
          }}
        >
          What deals hold
        </Button>
      )}
      {account.is_writable && !account.can_write && (
        <Button
          busy={authorize.isPending}
          onClick={() => {
            authorize.mutate({ writes: true });
          }}
        >
          Allow writing
        </Button>
      )}
      <Button
        busy={change.isPending}
        onClick={() => {
          change.mutate({ enabled: !account.enabled });
        }}
      >
        {account.enabled ? "Pause" : "Go on"}
      </Button>
      <ConfirmButton
        label="Disconnect"
        title={`Disconnect ${account.name}?`}
        act={() => disconnect.mutateAsync()}
      >
        Nothing more is read. What was read stays; connecting again takes a sign-in.
      </ConfirmButton>
      <Dialog open={mapping} onOpenChange={setMapping} title={`What is told of and to ${account.name}`}>
        <MappingForm
          account={account}
          onDone={() => {
            setMapping(false);
          }}
        />
      </Dialog>
      <Dialog open={dealing} onOpenChange={setDealing} title={`What deals hold at ${account.name}`}>
        <DealForm
          account={account}
          onDone={() => {
            setDealing(false);
          }}
        />
      </Dialog>
      <Dialog open={creating} onOpenChange={setCreating} title={`Who is created at ${account.name}`}>
        <CreationForm
          account={account}
          onDone={() => {
            setCreating(false);
          }}
        />
      </Dialog>
      {authorize.isError && <ErrorNote error={authorize.error} />}
      {sync.isError && <ErrorNote error={sync.error} />}
      {change.isError && <ErrorNote error={change.error} />}
    </div>
  );
}

const FIGURES = [
  ["Contacts read", (sync: CrmSync) => sync.contacts_read],
  ["Told", (sync: CrmSync) => sync.contacts_told],
  ["Naming nobody", (sync: CrmSync) => sync.contacts_unnamed],
  ["Deals read", (sync: CrmSync) => sync.deals_read],
  ["Told", (sync: CrmSync) => sync.deals_told],
  ["Gone there", (sync: CrmSync) => sync.contacts_gone + sync.deals_gone],
  ["Refused", (sync: CrmSync) => sync.rejected],
] as const;

function Syncs({ account }: { account: CrmAccount }) {
  return <LastSyncs query={useQuery(crmSyncsQuery(account.id))} figures={FIGURES} />;
}
