import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Shop, ShopProvider, ShopSync } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Fact, Facts } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import {
  shopProvidersQuery,
  shopsQuery,
  shopSyncsQuery,
  useAuthorizeShop,
  useChangeShop,
  useDisconnectShop,
  useSyncShop,
} from "./queries";
import { TellingForm } from "./telling-form";
import { LastSyncs } from "../sync-table";

const TONES: Readonly<Record<Shop["status"], Tone>> = {
  active: "pass",
  needs_sign_in: "block",
  disconnected: "muted",
};

/** The shops that are connected, how each goes, and where another could be. */
export function Shops() {
  const shops = useQuery(shopsQuery);
  return (
    <Loaded query={shops} rows={2}>
      {({ items }) => (
        <>
          {items.map((shop) => (
            <OneShop key={shop.id} shop={shop} />
          ))}
          <Connect />
        </>
      )}
    </Loaded>
  );
}

function Connect() {
  const providers = useQuery(shopProvidersQuery);
  const mayConnect = useCan("integrations.shops:write");
  return (
    <Loaded query={providers} rows={1}>
      {(all) => {
        if (!mayConnect) return <p className="px-4 py-3 text-ink-2">An administrator connects a shop.</p>;
        return (
          <div className="space-y-3 p-4">
            <p className="max-w-prose text-ink-2">
              Its orders and refunds are told here where your shop’s own events have not. Nothing is ever
              written there.
            </p>
            {all.map((each) => (
              <ConnectForm key={each.provider} provider={each} />
            ))}
          </div>
        );
      }}
    </Loaded>
  );
}

function ConnectForm({ provider }: { provider: ShopProvider }) {
  const authorize = useAuthorizeShop(provider.provider);
  if (!provider.signs_in) return <p className="text-ink-2">{provider.name}: no app is set up here.</p>;
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    authorize.mutate(formText(event.currentTarget, "domain").trim());
  };
  return (
    <form onSubmit={submit} className="max-w-md space-y-2">
      <TextField
        label={`Your shop’s address at ${provider.name}`}
        name="domain"
        required
        maxLength={100}
        placeholder={provider.example}
        error={fieldsOf(authorize.error)["domain"]}
      />
      <FormError error={authorize.error} />
      <Button type="submit" busy={authorize.isPending}>
        Connect {provider.name}
      </Button>
    </form>
  );
}

function OneShop({ shop }: { shop: Shop }) {
  const mayWrite = useCan("integrations.shops:write");
  return (
    <section aria-label={shop.name} className="space-y-3 border-b border-line p-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <Facts>
          <Fact term="Shop">
            {shop.name}, {shop.domain}
          </Fact>
          <Fact term="State">
            <Status tone={TONES[shop.status]}>{words(shop.status)}</Status>
            {shop.error_code !== null && (
              <span className="ml-2 text-block">
                {shop.error} <code className="font-mono text-sm">{shop.error_code}</code>
              </span>
            )}
          </Fact>
          <Fact term="Last read whole">
            {shop.is_reading && shop.last_synced_at === null ? (
              <Status tone="accent">Reading</Status>
            ) : (
              <Age domain at={shop.last_synced_at} why="it has not been read yet" />
            )}
          </Fact>
          <Fact term="Told by the shop">
            {shop.subscribed ? (
              <Age at={shop.last_webhook_at} why="it has told of nothing yet" />
            ) : (
              "By the clock alone: it does not reach us"
            )}
          </Fact>
          <Fact term="Orders known">{integer(shop.orders)}</Fact>
          <Fact term="Told from here, by your events">
            {integer(shop.orders_told)}, {integer(shop.orders_covered)}
          </Fact>
          <Fact term="Waiting, naming nobody">
            {integer(shop.orders_waiting)}, {integer(shop.orders_unnamed)}
          </Fact>
        </Facts>
        {mayWrite && <Acts shop={shop} />}
      </div>
      <Syncs shop={shop} />
    </section>
  );
}

function Acts({ shop }: { shop: Shop }) {
  const [telling, setTelling] = useState(false);
  const sync = useSyncShop(shop);
  const change = useChangeShop(shop);
  const disconnect = useDisconnectShop(shop);
  if (shop.status !== "active") return null;
  return (
    <div className="flex flex-wrap items-start gap-2">
      <Button
        busy={sync.isPending}
        disabled={!shop.enabled}
        onClick={() => {
          sync.mutate();
        }}
      >
        Run now
      </Button>
      <Button
        onClick={() => {
          setTelling(true);
        }}
      >
        How it is told
      </Button>
      <Button
        busy={change.isPending}
        onClick={() => {
          change.mutate({ enabled: !shop.enabled });
        }}
      >
        {shop.enabled ? "Pause" : "Go on"}
      </Button>
      <ConfirmButton
        label="Disconnect"
        title={`Disconnect ${shop.name}?`}
        act={() => disconnect.mutateAsync()}
      >
        Our app leaves the shop, and nothing more is read. What was read stays; connecting again takes a
        sign-in.
      </ConfirmButton>
      <Dialog open={telling} onOpenChange={setTelling} title={`How ${shop.name} is told`}>
        <TellingForm
          shop={shop}
          onDone={() => {
            setTelling(false);
          }}
        />
      </Dialog>
      {sync.isError && <ErrorNote error={sync.error} />}
      {change.isError && <ErrorNote error={change.error} />}
    </div>
  );
}

const FIGURES = [
  ["Orders read", (sync: ShopSync) => sync.orders_read],
  ["Told", (sync: ShopSync) => sync.orders_told],
  ["Told by events", (sync: ShopSync) => sync.orders_covered],
  ["Naming nobody", (sync: ShopSync) => sync.orders_unnamed],
  ["Given back", (sync: ShopSync) => sync.refunds_told],
  ["Refused", (sync: ShopSync) => sync.rejected],
] as const;

function Syncs({ shop }: { shop: Shop }) {
  return <LastSyncs query={useQuery(shopSyncsQuery(shop.id))} figures={FIGURES} />;
}
