import { SelectField, TextField } from "@/design/field";
import type { Evaluation } from "./queries";

interface EvaluationFieldProps {
  evaluation: Evaluation;
  onChange: (evaluation: Evaluation) => void;
  error?: string | undefined;
}

/** Whether people come and go at once, or the list stands still for a day. */
export function EvaluationField({ evaluation, onChange, error }: EvaluationFieldProps) {
  return (
    <div className="flex items-start gap-2">
      <div className="min-w-0 grow">
        <SelectField
          label="Kept up to date"
          value={evaluation.mode}
          hint={
            evaluation.mode === "live"
              ? "People come and go as things happen."
              : "The list stands still for a day, such as for sending to it."
          }
          error={error}
          onChange={(event) => {
            onChange(event.target.value === "daily" ? { mode: "daily", at: "06:00" } : { mode: "live" });
          }}
        >
          <option value="live">Live</option>
          <option value="daily">Once a day</option>
        </SelectField>
      </div>
      {evaluation.mode === "daily" && (
        <div className="w-28">
          <TextField
            label="At"
            type="time"
            required
            hint="company’s time"
            value={evaluation.at}
            onChange={(event) => {
              onChange({ mode: "daily", at: event.target.value.slice(0, 5) });
            }}
          />
        </div>
      )}
    </div>
  );
}
