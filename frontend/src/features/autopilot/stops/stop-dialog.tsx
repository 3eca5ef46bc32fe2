import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { newKey } from "@/api/idempotency";
import type { AdAccount, Stop, StopReach } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { SelectField } from "@/design/field";
import { FormError } from "@/design/form";
import { isReason, ReasonField } from "@/design/reason-form";
import { Loaded } from "@/design/states";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { plural } from "@/format/words";
import { reachQuery, useStop } from "./queries";
import { OutOfReach } from "./out-of-reach";

type What = "company" | "account" | "emergency";

interface StopDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What is to stop, how much that is, and why: then the stop's own page, where it can be watched. */
export function StopDialog({ open, onOpenChange }: StopDialogProps) {
  const navigate = useNavigate();
  const close = () => {
    onOpenChange(false);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Pause everything?"
      description="Each active campaign is paused by an action of its own, the dearest first. Nothing holds it back: neither signal health nor the kill switch. It can be given back."
    >
      <StopForm
        onCancel={close}
        onDone={(stop) => {
          close();
          void navigate({ to: "/autopilot/stops/$stopId", params: { stopId: stop.id } });
        }}
      />
    </Dialog>
  );
}

function StopForm({ onCancel, onDone }: { onCancel: () => void; onDone: (stop: Stop) => void }) {
  const accounts = useQuery(adAccountsQuery).data?.items ?? [];
  const stop = useStop();
  const [what, setWhat] = useState<What>("company");
  const [chosen, setChosen] = useState<string>();
  const [reason, setReason] = useState("");
  const [key] = useState(newKey);
  const accountId = what === "account" ? (chosen ?? accounts[0]?.id ?? null) : null;
  const reach = useQuery(reachQuery(accountId));
  const emergency = what === "emergency";
  const count = reach.data?.campaigns ?? 0;
  const isReady = isReason(reason) && (emergency || reach.data !== undefined);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isReady) return;
    const kind = emergency ? "emergency_stop" : "pause_all";
    stop.mutate(
      { kind, ad_account_id: accountId, reason: reason.trim(), idempotency_key: key },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <Choices what={what} onChange={setWhat} hasAccounts={accounts.length > 0} />
      {what === "account" && <Accounts accounts={accounts} chosen={accountId} onChange={setChosen} />}
      <Loaded query={reach} rows={1}>
        {(found) => <Reach reach={found} />}
      </Loaded>
      <ReasonField
        value={reason}
        onChange={setReason}
        hint="It stands with every action, for everybody to read."
      />
      <FormError error={stop.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" tone="danger" busy={stop.isPending} disabled={!isReady}>
          {verbOf(emergency, count)}
        </Button>
      </div>
    </form>
  );
}

function verbOf(emergency: boolean, count: number): string {
  if (count === 0) return emergency ? "Freeze" : "Let nothing start";
  const pause = `pause ${plural(count, "campaign")}`;
  return emergency ? `Freeze and ${pause}` : `P${pause.slice(1)}`;
}

interface ChoicesProps {
  what: What;
  onChange: (what: What) => void;
  hasAccounts: boolean;
}

const CHOICES: readonly { what: What; name: string; note: string }[] = [
  { what: "company", name: "Every campaign of the company", note: "Automation goes on otherwise." },
  { what: "account", name: "Every campaign of one account", note: "The others run on." },
  {
    what: "emergency",
    name: "Emergency stop",
    note: "The kill switch is engaged first, so that nothing is enabled or raised meanwhile.",
  },
];

function Choices({ what, onChange, hasAccounts }: ChoicesProps) {
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 font-medium text-ink-2">What is to stop</legend>
      {CHOICES.filter((each) => hasAccounts || each.what !== "account").map((each) => (
        <label key={each.what} className="flex items-start gap-2 max-sm:py-1">
          <input
            type="radio"
            name="what"
            className="mt-1 accent-accent"
            checked={each.what === what}
            onChange={() => {
              onChange(each.what);
            }}
          />
          <span>
            {each.name} <span className="block text-sm text-ink-3">{each.note}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface AccountsProps {
  accounts: readonly AdAccount[];
  chosen: string | null;
  onChange: (accountId: string) => void;
}

function Accounts({ accounts, chosen, onChange }: AccountsProps) {
  return (
    <SelectField
      label="Account"
      value={chosen ?? ""}
      onChange={(event) => {
        onChange(event.target.value);
      }}
    >
      {accounts.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

function Reach({ reach }: { reach: StopReach }) {
  return (
    <div className="space-y-2 border-l-2 border-line-strong pl-3">
      <p role="status">
        {reach.campaigns === 0
          ? "No active campaign is known that it could pause. What is about to be enabled does not begin."
          : `${plural(reach.campaigns, "active campaign")} in ${plural(reach.accounts, "account")}.`}
      </p>
      <p className="text-sm text-ink-3">As the platforms were last read.</p>
      <OutOfReach accounts={reach.out_of_reach} />
    </div>
  );
}
