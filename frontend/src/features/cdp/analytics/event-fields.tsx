import { Plus, X } from "lucide-react";
import { Button, IconButton } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { type EventDraft, kindOf, NO_CONDITION, OPS, testOf, type WhereDraft } from "./event-draft";
import { useSuggested } from "./suggestions";

const MOST_CONDITIONS = 10;

interface EventFieldsProps {
  /** Of the event's field, such as "Event of step 2". */
  label: string;
  draft: EventDraft;
  onChange: (draft: EventDraft) => void;
}

/** Which events are meant: their name, and what their properties must be. */
export function EventFields({ label, draft, onChange }: EventFieldsProps) {
  const lists = useSuggested();
  const change = (place: number, to: WhereDraft | null) => {
    onChange({ ...draft, where: draft.where.toSpliced(place, 1, ...(to === null ? [] : [to])) });
  };
  return (
    <div className="space-y-2">
      <TextField
        label={label}
        required
        maxLength={200}
        autoComplete="off"
        list={lists.events}
        placeholder="Order Completed"
        value={draft.event}
        onChange={(event) => {
          onChange({ ...draft, event: event.target.value });
        }}
      />
      {draft.where.map((where, place) => (
        <Condition
          key={place}
          name={`${label}, condition ${place + 1}`}
          draft={where}
          onChange={(to) => {
            change(place, to);
          }}
        />
      ))}
      {draft.where.length < MOST_CONDITIONS && (
        <Button
          tone="quiet"
          aria-label={`Only where… ${label}`}
          onClick={() => {
            onChange({ ...draft, where: [...draft.where, NO_CONDITION] });
          }}
        >
          <Plus size={14} aria-hidden />
          Only where…
        </Button>
      )}
    </div>
  );
}

interface ConditionProps {
  name: string;
  draft: WhereDraft;
  onChange: (draft: WhereDraft | null) => void;
}

function Condition({ name, draft, onChange }: ConditionProps) {
  const lists = useSuggested();
  const kind = kindOf(draft.op);
  const wrong = draft.value !== "" && testOf(draft) === null;
  return (
    <div
      role="group"
      aria-label={name}
      className="flex flex-wrap items-start gap-2 border-l-2 border-line pl-3"
    >
      <div className="min-w-32 flex-1">
        <TextField
          label="Property"
          hideLabel
          required
          maxLength={200}
          autoComplete="off"
          placeholder="property"
          list={lists.properties}
          value={draft.property}
          onChange={(event) => {
            onChange({ ...draft, property: event.target.value });
          }}
        />
      </div>
      <div className="w-32">
        <SelectField
          label="Comparison"
          hideLabel
          value={draft.op}
          onChange={(event) => {
            const op = OPS.find(([each]) => each === event.target.value)?.[0];
            if (op !== undefined) onChange({ ...draft, op });
          }}
        >
          {OPS.map(([op, words]) => (
            <option key={op} value={op}>
              {words}
            </option>
          ))}
        </SelectField>
      </div>
      {kind !== "none" && (
        <div className="min-w-32 flex-1">
          <TextField
            label="Value"
            hideLabel
            required={draft.op !== "is"}
            maxLength={kind === "texts" ? 5_000 : 500}
            autoComplete="off"
            type={kind === "time" ? "datetime-local" : "text"}
            inputMode={kind === "number" ? "decimal" : "text"}
            placeholder={kind === "texts" ? "red, green, blue" : kind === "number" ? "10" : "value"}
            error={wrong ? "Write a number." : undefined}
            value={draft.value}
            onChange={(event) => {
              onChange({ ...draft, value: event.target.value });
            }}
          />
        </div>
      )}
      <IconButton
        label={`Remove: ${name}`}
        onClick={() => {
          onChange(null);
        }}
      >
        <X size={14} aria-hidden />
      </IconButton>
    </div>
  );
}
