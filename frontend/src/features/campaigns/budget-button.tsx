import { Link } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Campaign } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { isReason, ReasonField } from "@/design/reason-form";
import { ErrorNote } from "@/design/states";
import { amount, micros } from "@/format/money";
import { words } from "@/format/words";
import { useChangeCampaign } from "./queries";

/** A proposal like any other: it goes through the gate. */
export function BudgetButton({ campaign }: { campaign: Campaign }) {
  const mayPropose = useCan("autopilot.actions:write");
  const [open, setOpen] = useState(false);
  if (!mayPropose || campaign.daily_budget_micros === null) return null;
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
        }}
      >
        Change the budget
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Propose a daily budget"
        description="The gate decides on it with the evidence of this account, and says why."
      >
        <BudgetForm campaign={campaign} before={campaign.daily_budget_micros} />
      </Dialog>
    </>
  );
}

function BudgetForm({ campaign, before }: { campaign: Campaign; before: number }) {
  const [budget, setBudget] = useState(amount(before, campaign.currency));
  const [reason, setReason] = useState("");
  const propose = useChangeCampaign(campaign.id);
  const wanted = micros(budget, campaign.currency);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (wanted !== null) propose.mutate({ daily_budget_micros: wanted, reason: reason.trim() });
  };
  if (propose.isSuccess)
    return (
      <p role="status">
        {words(propose.data.state)}.{" "}
        <Link to="/autopilot/actions/$actionId" params={{ actionId: propose.data.id }} className={LINK}>
          Follow it
        </Link>
      </p>
    );
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label={`Budget a day, ${campaign.currency}`}
        inputMode="decimal"
        required
        value={budget}
        error={wanted === null ? `Write an amount in ${campaign.currency}.` : undefined}
        onChange={(event) => {
          setBudget(event.target.value);
        }}
      />
      <ReasonField value={reason} onChange={setReason} />
      {propose.isError && <ErrorNote error={propose.error} />}
      <div className="flex justify-end">
        <Button
          type="submit"
          tone="primary"
          busy={propose.isPending}
          disabled={wanted === null || wanted === before || !isReason(reason)}
        >
          Propose
        </Button>
      </div>
    </form>
  );
}
