import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Purpose } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { FormError, formText } from "@/design/form";
import { PurposeBoxes } from "./purpose-boxes";
import { useRecordConsent } from "./queries";

type Decision = "granted" | "refused";

/** Writes down what somebody said on paper, on the telephone, in a shop. */
export function RecordConsent({ profileId }: { profileId: string }) {
  const mayWrite = useCan("cdp.consents:write");
  const [decision, setDecision] = useState<Decision | null>(null);
  if (!mayWrite) return null;
  return (
    <div className="flex flex-wrap gap-2 py-1">
      <Button
        onClick={() => {
          setDecision("granted");
        }}
      >
        Record a yes
      </Button>
      <Button
        onClick={() => {
          setDecision("refused");
        }}
      >
        Withdraw
      </Button>
      <Dialog
        open={decision !== null}
        onOpenChange={(open) => {
          if (!open) setDecision(null);
        }}
        title={decision === "refused" ? "Withdraw their consent?" : "They said yes?"}
        description={
          decision === "refused"
            ? "From this moment nothing of theirs leaves for these purposes, what is queued already included. It holds for every identifier of theirs."
            : "Write down what they said elsewhere, and how that can be shown."
        }
      >
        {decision !== null && (
          <RecordForm
            profileId={profileId}
            decision={decision}
            onDone={() => {
              setDecision(null);
            }}
          />
        )}
      </Dialog>
    </div>
  );
}

interface RecordFormProps {
  profileId: string;
  decision: Decision;
  onDone: () => void;
}

function RecordForm({ profileId, decision, onDone }: RecordFormProps) {
  const [purposes, setPurposes] = useState<Purpose[]>([]);
  const record = useRecordConsent(profileId);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    record.mutate(
      { purposes, decision, proof: formText(form, "proof"), wording: formText(form, "wording") },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <PurposeBoxes legend="For" chosen={purposes} onChange={setPurposes} />
      <TextField
        label="Where and how they said it"
        name="proof"
        required
        maxLength={200}
        autoComplete="off"
        placeholder="By telephone, 27 November, ticket 4711"
        hint="It is the proof, and is kept with the receipt."
      />
      {decision === "granted" && (
        <TextField
          label="Version of the words they saw"
          name="wording"
          maxLength={200}
          autoComplete="off"
          hint="If there is one."
        />
      )}
      <FormError error={record.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button
          type="submit"
          tone={decision === "refused" ? "danger" : "primary"}
          busy={record.isPending}
          disabled={purposes.length === 0}
        >
          {decision === "refused" ? "Withdraw it" : "Write it down"}
        </Button>
      </div>
    </form>
  );
}
