import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { Delivery } from "@/api/types";
import { Button } from "@/design/button";
import { Evidence } from "@/design/evidence";
import { Expandable } from "@/design/expandable";
import { SelectField } from "@/design/field";
import { Age, Moment, Unknown } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { OperationsFrame } from "@/features/work/operations-frame";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { AccountPicker, useAccountName } from "../ad_accounts/account-picker";
import { anotherAmount, mayBeReplayed, reasonOf, toneOf } from "./deliveries";
import { deliveriesQuery, useReplayDelivery } from "./queries";

const STATUSES: readonly Delivery["status"][] = [
  "queued",
  "sent",
  "acknowledged",
  "failed",
  "dead",
  "skipped",
  "quarantined",
];

export function ConversionsRoom() {
  const search = useSearch({ from: "/signed-in/operations/conversions" });
  const deliveries = useInfiniteQuery(deliveriesQuery(search));
  return (
    <OperationsFrame>
      <Panel title="Conversions sent on" aside={<Filters />}>
        <Listed
          query={deliveries}
          more="Earlier conversions"
          empty={
            search.status === undefined && search.account === undefined ? (
              <Empty title="No conversion has been queued yet.">
                Orders, leads and sign-ups among your events are sent on to an ad account once “Send
                conversions” is on for it, under Connections.
              </Empty>
            ) : (
              <Empty title="No conversion is like that.">Choose another status or account.</Empty>
            )
          }
        >
          {(items) => (
            <ul>
              {items.map((delivery) => (
                <DeliveryLine key={delivery.id} delivery={delivery} />
              ))}
            </ul>
          )}
        </Listed>
      </Panel>
    </OperationsFrame>
  );
}

function Filters() {
  const search = useSearch({ from: "/signed-in/operations/conversions" });
  const navigate = useNavigate({ from: "/operations/conversions" });
  return (
    <div className="flex flex-wrap gap-2 py-1">
      <div className="w-40">
        <SelectField
          label="Status"
          hideLabel
          value={search.status ?? ""}
          onChange={(event) => {
            const status = STATUSES.find((each) => each === event.target.value);
            void navigate({ search: (was) => ({ ...was, status }) });
          }}
        >
          <option value="">Every status</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {words(status)}
            </option>
          ))}
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

function DeliveryLine({ delivery }: { delivery: Delivery }) {
  const nameOf = useAccountName();
  const reason = reasonOf(delivery);
  const another = anotherAmount(delivery);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_124px_minmax(0,1fr)_minmax(0,200px)_72px]"
      summary={
        <>
          <Status tone={toneOf(delivery.status)}>{words(delivery.status)}</Status>
          <span className="min-w-0 max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            <span className="font-medium">{words(delivery.event_name)}</span>
            {reason !== null && <span className="block truncate text-ink-2">{reason}</span>}
            {another !== null && <span className="block truncate text-hold">{another}</span>}
          </span>
          <span className="truncate text-ink-2 max-sm:hidden">
            {nameOf(delivery.ad_account_id) ?? words(delivery.platform)}
          </span>
          <span className="text-right text-ink-3">
            <Age domain at={delivery.queued_at} />
          </span>
        </>
      }
    >
      <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
        <DeliveryFacts delivery={delivery} />
        <div>
          {reason !== null && <p className="mb-2 max-w-prose">{reason}</p>}
          {another !== null && <p className="mb-2 max-w-prose">{another}</p>}
          <h3 className="mb-1 font-medium">The platform’s answer</h3>
          <Evidence value={delivery.response ?? {}} empty="It has not answered." />
          <ReplayButton delivery={delivery} />
        </div>
      </div>
    </Expandable>
  );
}

function DeliveryFacts({ delivery }: { delivery: Delivery }) {
  return (
    <Facts className="content-start">
      <Fact term="Happened">
        <Moment at={delivery.event_time} />
      </Fact>
      <Fact term="Queued">
        <Moment at={delivery.queued_at} />
      </Fact>
      <Fact term="Acknowledged">
        {delivery.acknowledged_at === null ? (
          <Unknown why="the platform has not acknowledged it" />
        ) : (
          <Moment at={delivery.acknowledged_at} />
        )}
      </Fact>
      <Fact term="Attempts">{integer(delivery.attempts)}</Fact>
      {delivery.next_attempt_at !== null && (
        <Fact term="Next attempt">
          <Age at={delivery.next_attempt_at} />
        </Fact>
      )}
      <Fact term="There it is">{delivery.platform_event}</Fact>
      <Fact term="Matched by">
        {delivery.match_keys.length === 0 ? "nothing yet" : delivery.match_keys.map(words).join(", ")}
      </Fact>
      <Fact term="Event id there">
        <code className="font-mono text-sm break-all">{delivery.dedupe_key}</code>
      </Fact>
    </Facts>
  );
}

function ReplayButton({ delivery }: { delivery: Delivery }) {
  const mayReplay = useCan("integrations.conversions:write");
  const replay = useReplayDelivery(delivery.id);
  if (!mayReplay || !mayBeReplayed(delivery)) return null;
  return (
    <div className="mt-3">
      <Button
        busy={replay.isPending}
        onClick={() => {
          replay.mutate();
        }}
      >
        Send it again
      </Button>
      <p className="mt-1 text-sm text-ink-3">
        Consent and form are checked anew; the platform drops what it already has.
      </p>
      {replay.isError && <ErrorNote error={replay.error} />}
    </div>
  );
}
