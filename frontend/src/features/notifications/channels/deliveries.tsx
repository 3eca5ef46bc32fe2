import { useCan } from "@/api/permissions";
import type { NotificationDelivery } from "@/api/types";
import { Button } from "@/design/button";
import { Expandable } from "@/design/expandable";
import { Age, Moment } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { useReplay } from "./queries";

const STATES: Readonly<Record<NotificationDelivery["status"], readonly [Tone, string]>> = {
  queued: ["accent", "Waits"],
  sending: ["accent", "Being sent"],
  failed: ["hold", "Is tried again"],
  sent: ["pass", "Sent"],
  dead: ["block", "Given up"],
  skipped: ["muted", "Not needed"],
};

const UNTITLED: Readonly<Record<NotificationDelivery["kind"], string>> = {
  notice: "",
  repeat: "",
  test: "Test message",
  welcome: "Answer: written to from now on",
  goodbye: "Answer: written to no more",
};

const HELD: Readonly<Record<string, string>> = {
  quiet_hours: "its reader’s quiet hours",
  digest: "its reader’s daily mail",
  repeat: "the same to stop happening",
};

export function Deliveries({ items }: { items: readonly NotificationDelivery[] }) {
  return (
    <ul>
      {items.map((each) => (
        <DeliveryLine key={each.id} delivery={each} />
      ))}
    </ul>
  );
}

function DeliveryLine({ delivery }: { delivery: NotificationDelivery }) {
  const [tone, state] = STATES[delivery.status];
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_130px_minmax(0,220px)_minmax(0,1fr)_72px]"
      summary={
        <>
          <Status tone={tone}>{state}</Status>
          <span className="truncate max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            {addressOf(delivery)}
          </span>
          <span className="truncate text-ink-2 max-sm:order-2 max-sm:col-span-2 max-sm:col-start-2">
            {delivery.title ?? UNTITLED[delivery.kind]}
          </span>
          <span className="text-right text-ink-3">
            <Age at={delivery.created_at} />
          </span>
        </>
      }
    >
      <Became delivery={delivery} />
      {delivery.status === "dead" && <ReplayButton deliveryId={delivery.id} />}
    </Expandable>
  );
}

function addressOf({ channel, to }: NotificationDelivery): string {
  if (channel === "slack") return `#${to ?? "?"}`;
  return to ?? (channel === "webhook" ? "a webhook that was removed" : "who left");
}

function Became({ delivery }: { delivery: NotificationDelivery }) {
  return (
    <Facts>
      <Fact term="By">{words(delivery.channel)}</Fact>
      {delivery.held_for !== null && <Fact term="Waited for">{HELD[delivery.held_for]}</Fact>}
      <Fact term="Tries">{integer(delivery.attempts)}</Fact>
      {delivery.sent_at !== null && (
        <Fact term="Taken by the other side">
          <Moment at={delivery.sent_at} />
        </Fact>
      )}
      {delivery.channel === "whatsapp" && delivery.sent_at !== null && (
        <Fact term="On the phone">
          {delivery.delivered_at === null ? "not known to be" : <Moment at={delivery.delivered_at} />}
        </Fact>
      )}
      {delivery.read_at !== null && (
        <Fact term="Read">
          <Moment at={delivery.read_at} />
        </Fact>
      )}
      {(delivery.status === "queued" || delivery.status === "failed") && (
        <Fact term="Leaves">
          <Moment at={delivery.due_at} />
        </Fact>
      )}
      {delivery.error_code !== null && (
        <Fact term="Why not">
          {delivery.error ?? words(delivery.error_code)}{" "}
          <span className="font-mono text-sm text-ink-3">{delivery.error_code}</span>
        </Fact>
      )}
      {delivery.reference !== null && (
        <Fact term="Its name there">
          <span className="font-mono text-sm">{delivery.reference}</span>
        </Fact>
      )}
    </Facts>
  );
}

function ReplayButton({ deliveryId }: { deliveryId: string }) {
  const mayWrite = useCan("notifications.channels:write");
  const replay = useReplay(deliveryId);
  if (!mayWrite) return null;
  return (
    <div className="mt-3">
      <Button
        busy={replay.isPending}
        onClick={() => {
          replay.mutate(undefined);
        }}
      >
        Send it again
      </Button>
      {replay.isError && <ErrorNote error={replay.error} />}
    </div>
  );
}
