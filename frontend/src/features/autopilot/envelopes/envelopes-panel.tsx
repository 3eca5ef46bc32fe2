import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useDomainOffset } from "@/api/domain-clock";
import { useCan } from "@/api/permissions";
import type { Envelope } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { Moment, useNow } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { ReasonForm } from "@/design/reason-form";
import { Empty } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { money } from "@/format/money";
import { plural } from "@/format/words";
import { EnvelopeDialog } from "./envelope-dialog";
import { envelopesQuery, useRevoke } from "./queries";

/** What somebody has approved beforehand, for the hours in which nobody can be asked. */
export function Envelopes() {
  const envelopes = useInfiniteQuery(envelopesQuery);
  return (
    <Panel title="Approved beforehand" aside={<Give />}>
      <Listed
        query={envelopes}
        more="Earlier ones"
        empty={
          <Empty title="Nothing is approved beforehand.">
            Where the level asks for an approval, a change waits for a person. For a night it can be given
            beforehand, up to an amount and an hour. The gate decides all the same.
          </Empty>
        }
      >
        {(items) => (
          <ul>
            {items.map((envelope) => (
              <EnvelopeLine key={envelope.id} envelope={envelope} />
            ))}
          </ul>
        )}
      </Listed>
    </Panel>
  );
}

function Give() {
  const mayGive = useCan("autopilot.envelopes:write");
  const [open, setOpen] = useState(false);
  if (!mayGive) return null;
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
        }}
      >
        Approve beforehand…
      </Button>
      <EnvelopeDialog open={open} onOpenChange={setOpen} />
    </>
  );
}

function stageOf(envelope: Envelope, now: number): { tone: Tone; name: string } {
  if (envelope.revoked_at !== null) return { tone: "muted", name: "Revoked" };
  if (Date.parse(envelope.ends_at) <= now) return { tone: "muted", name: "Over" };
  if (!envelope.giver_may) return { tone: "block", name: "Its giver may not approve any more" };
  return Date.parse(envelope.starts_at) > now
    ? { tone: "hold", name: "Later" }
    : { tone: "pass", name: "Holds" };
}

function EnvelopeLine({ envelope }: { envelope: Envelope }) {
  const accounts = useQuery(adAccountsQuery);
  const ahead = useDomainOffset();
  const { tone, name } = stageOf(envelope, useNow() + ahead);
  const account = accounts.data?.items.find(({ id }) => id === envelope.ad_account_id)?.name;
  const whose =
    envelope.campaign_ids.length === 0
      ? (account ?? "One account")
      : `${plural(envelope.campaign_ids.length, "campaign")} of ${account ?? "one account"}`;
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0">
      <div className="min-w-0">
        <h3 className="flex flex-wrap items-center gap-x-3">
          <span className="font-medium">{whose}</span>
          <Status tone={tone}>{name}</Status>
        </h3>
        <p className="text-ink-2">{termsOf(envelope)}</p>
        <p className="max-w-prose text-ink-2">{envelope.reason}</p>
        <p className="text-sm text-ink-3">
          {envelope.revoked_by === null ? `By ${envelope.given_by}` : `Taken back by ${envelope.revoked_by}`},
          until <Moment at={envelope.ends_at} />. {plural(envelope.actions, "action")} so far.
        </p>
      </div>
      {tone !== "muted" && <Revoke envelope={envelope} />}
    </li>
  );
}

function termsOf({ most_daily_micros: most, currency, ...envelope }: Envelope): string {
  if (most === null) return "Cuts and pauses alone.";
  const raised = money(envelope.raised_micros, currency);
  const ceiling = money(envelope.most_raised_micros, currency);
  return `Up to ${money(most, currency)} a day each; ${raised} of ${ceiling} raised.`;
}

function Revoke({ envelope }: { envelope: Envelope }) {
  const mayRevoke = useCan("autopilot.envelopes:write");
  const revoke = useRevoke(envelope.id);
  const [open, setOpen] = useState(false);
  if (!mayRevoke) return null;
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
        }}
      >
        Take back
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Take the approval back?"
        description="From now on what it covered waits for a person. What it has approved goes its way."
      >
        <ReasonForm
          verb="Take back"
          tone="danger"
          act={(reason, options) => {
            revoke.mutate(reason, options);
          }}
          pending={revoke.isPending}
          error={revoke.error}
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}
