import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useDomainOffset } from "@/api/domain-clock";
import { newKey } from "@/api/idempotency";
import type { AdAccount } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { SelectField, TextField } from "@/design/field";
import { FormError, fieldsOf } from "@/design/form";
import { isReason, ReasonField } from "@/design/reason-form";
import { Empty, Loaded } from "@/design/states";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { micros } from "@/format/money";
import { useGive } from "./queries";

const HOUR_MS = 3_600_000;
const LASTS: readonly { hours: number; name: string }[] = [
  { hours: 8, name: "the next 8 hours" },
  { hours: 12, name: "the next 12 hours" },
  { hours: 24, name: "the next day" },
  { hours: 72, name: "the next 3 days" },
  { hours: 168, name: "the next week" },
];

interface EnvelopeDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** For which account, until when, and up to how much; amounts are in the account's currency. */
export function EnvelopeDialog({ open, onOpenChange }: EnvelopeDialogProps) {
  const accounts = useQuery(adAccountsQuery);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Approve beforehand"
      description="What automation wants within this is approved in your name, where its level asks for it. Whatever else the gate holds waits as ever."
    >
      <Loaded query={accounts} rows={3}>
        {({ items: [first, ...others] }) =>
          first === undefined ? (
            <Empty title="No ad account is connected." />
          ) : (
            <EnvelopeForm
              accounts={[first, ...others]}
              onDone={() => {
                onOpenChange(false);
              }}
            />
          )
        }
      </Loaded>
    </Dialog>
  );
}

interface EnvelopeFormProps {
  accounts: readonly [AdAccount, ...AdAccount[]];
  onDone: () => void;
}

function EnvelopeForm({ accounts, onDone }: EnvelopeFormProps) {
  const give = useGive();
  const [key] = useState(newKey);
  const ahead = useDomainOffset();
  const [accountId, setAccount] = useState(accounts[0].id);
  const [hours, setHours] = useState(12);
  const [most, setMost] = useState("");
  const [raised, setRaised] = useState("");
  const [reason, setReason] = useState("");
  const account = accounts.find(({ id }) => id === accountId) ?? accounts[0];
  const fields = fieldsOf(give.error);
  const daily = amountOf(most, account.currency);
  const together = amountOf(raised, account.currency);
  const isReady =
    isReason(reason) && daily !== null && together !== null && (daily === 0) === (together === 0);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isReady) return;
    give.mutate(
      {
        ad_account_id: account.id,
        campaign_ids: [],
        most_daily_micros: daily === 0 ? null : daily,
        most_raised_micros: together,
        ends_at: new Date(Date.now() + ahead + hours * HOUR_MS).toISOString(),
        reason: reason.trim(),
        idempotency_key: key,
      },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <SelectField
        label="Ad account"
        value={account.id}
        onChange={(event) => {
          setAccount(event.target.value);
        }}
      >
        {accounts.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="For"
        value={String(hours)}
        error={fields["ends_at"]}
        onChange={(event) => {
          setHours(Number(event.target.value));
        }}
      >
        {LASTS.map((each) => (
          <option key={each.hours} value={each.hours}>
            {each.name}
          </option>
        ))}
      </SelectField>
      <TextField
        label={`No campaign over, a day, ${account.currency}`}
        hint="Both amounts empty: cuts and pauses alone."
        inputMode="decimal"
        value={most}
        error={daily === null ? "Write an amount." : undefined}
        onChange={(event) => {
          setMost(event.target.value);
        }}
      />
      <TextField
        label={`All raises together, until it ends, ${account.currency}`}
        inputMode="decimal"
        value={raised}
        error={together === null ? "Write an amount." : undefined}
        onChange={(event) => {
          setRaised(event.target.value);
        }}
      />
      <ReasonField value={reason} onChange={setReason} hint="It stands on every action that it approves." />
      <FormError error={give.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" tone="primary" busy={give.isPending} disabled={!isReady}>
          Approve beforehand
        </Button>
      </div>
    </form>
  );
}

/** In micros; 0 for nothing written, null for what is no amount. */
function amountOf(text: string, currency: string): number | null {
  return text.trim() === "" ? 0 : micros(text, currency);
}
