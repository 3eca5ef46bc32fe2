import { type SyntheticEvent, useState } from "react";
import { Button } from "./button";
import { TextField } from "./field";
import { ErrorNote } from "./states";

/** The bounds of the API's `Reason`. */
const SHORTEST = 3;
const LONGEST = 500;

/** Whether it says enough to be taken as a reason. */
export const isReason = (text: string): boolean => text.trim().length >= SHORTEST;

interface ReasonFieldProps {
  value: string;
  onChange: (reason: string) => void;
  hint?: string | undefined;
}

/** Why somebody does it, for those who read it later. */
export function ReasonField({ value, onChange, hint }: ReasonFieldProps) {
  return (
    <TextField
      label="Reason"
      hint={hint}
      required
      maxLength={LONGEST}
      autoComplete="off"
      value={value}
      onChange={(event) => {
        onChange(event.target.value);
      }}
    />
  );
}

interface ReasonFormProps {
  /** What is done, on the button: "Dismiss". */
  verb: string;
  tone?: "primary" | "danger";
  cancel?: string;
  hint?: string;
  act: (reason: string, options: { onSuccess: () => void }) => void;
  pending: boolean;
  error: Error | null;
  onDone: () => void;
}

/** A second yes that says why; a refusal is shown where it was asked for. */
export function ReasonForm({
  verb,
  tone = "primary",
  cancel = "Cancel",
  hint,
  act,
  pending,
  error,
  onDone,
}: ReasonFormProps) {
  const [reason, setReason] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (isReason(reason)) act(reason.trim(), { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <ReasonField value={reason} onChange={setReason} hint={hint} />
      {error !== null && <ErrorNote error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{cancel}</Button>
        <Button type="submit" tone={tone} busy={pending} disabled={!isReason(reason)}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
