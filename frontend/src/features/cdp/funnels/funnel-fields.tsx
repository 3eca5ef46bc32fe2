import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { Button, IconButton } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { EventFields } from "../analytics/event-fields";
import { PeopleFields } from "../analytics/people-fields";
import {
  type FunnelDraft,
  MODES,
  MOST_STEPS,
  newStep,
  type StepDraft,
  type Unit,
  windowOf,
} from "./funnel-draft";

interface FunnelFieldsProps {
  draft: FunnelDraft;
  onChange: (draft: FunnelDraft) => void;
}

const UNITS: readonly Unit[] = ["seconds", "minutes", "hours", "days"];

export function FunnelFields({ draft, onChange }: FunnelFieldsProps) {
  return (
    <>
      <Steps draft={draft} onChange={onChange} />
      <Rules draft={draft} onChange={onChange} />
      <PeopleFields
        days="People enter"
        byProperty
        draft={draft.people}
        onChange={(people) => {
          onChange({ ...draft, people });
        }}
      />
    </>
  );
}

function Steps({ draft, onChange }: FunnelFieldsProps) {
  const { steps } = draft;
  const put = (to: readonly StepDraft[]) => {
    onChange({ ...draft, steps: to });
  };
  return (
    <fieldset>
      <legend className="mb-2 font-medium">Steps</legend>
      <ol className="space-y-3">
        {steps.map((step, place) => (
          <li
            key={step.key}
            className="grid gap-2 border-l-2 border-line-strong pl-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_auto]"
          >
            <EventFields
              label={`Event of step ${place + 1}`}
              draft={step}
              onChange={(to) => {
                put(steps.with(place, { ...step, ...to }));
              }}
            />
            <TextField
              label={`Name of step ${place + 1}`}
              placeholder="else the event’s name"
              maxLength={200}
              autoComplete="off"
              value={step.label}
              onChange={(event) => {
                put(steps.with(place, { ...step, label: event.target.value }));
              }}
            />
            <Places steps={steps} place={place} put={put} />
          </li>
        ))}
      </ol>
      {steps.length < MOST_STEPS && (
        <Button
          className="mt-3"
          onClick={() => {
            put([...steps, newStep()]);
          }}
        >
          <Plus size={14} aria-hidden />
          Add a step
        </Button>
      )}
    </fieldset>
  );
}

interface PlacesProps {
  steps: readonly StepDraft[];
  place: number;
  put: (steps: readonly StepDraft[]) => void;
}

function Places({ steps, place, put }: PlacesProps) {
  const step = steps[place];
  if (step === undefined) return null;
  const moved = (to: number) => steps.toSpliced(place, 1).toSpliced(to, 0, step);
  return (
    <div className="flex items-start gap-1 sm:pt-6">
      <IconButton
        label={`Move step ${place + 1} up`}
        disabled={place === 0}
        className="disabled:opacity-40"
        onClick={() => {
          put(moved(place - 1));
        }}
      >
        <ArrowUp size={14} aria-hidden />
      </IconButton>
      <IconButton
        label={`Move step ${place + 1} down`}
        disabled={place === steps.length - 1}
        className="disabled:opacity-40"
        onClick={() => {
          put(moved(place + 1));
        }}
      >
        <ArrowDown size={14} aria-hidden />
      </IconButton>
      <IconButton
        label={`Remove step ${place + 1}`}
        disabled={steps.length <= 2}
        className="disabled:opacity-40"
        onClick={() => {
          put(steps.toSpliced(place, 1));
        }}
      >
        <X size={14} aria-hidden />
      </IconButton>
    </div>
  );
}

function Rules({ draft, onChange }: FunnelFieldsProps) {
  return (
    <div className="grid gap-4 lg:grid-cols-[320px_minmax(0,1fr)]">
      <div className="grid grid-cols-2 content-start items-start gap-2">
        <TextField
          label="All steps within"
          type="number"
          min={1}
          required
          value={draft.window}
          error={windowOf(draft) === null && draft.window !== "" ? "366 days at most." : undefined}
          onChange={(event) => {
            onChange({ ...draft, window: event.target.value });
          }}
        />
        <SelectField
          label="Unit"
          value={draft.unit}
          onChange={(event) => {
            onChange({ ...draft, unit: UNITS.find((each) => each === event.target.value) ?? "days" });
          }}
        >
          {UNITS.map((unit) => (
            <option key={unit}>{unit}</option>
          ))}
        </SelectField>
        <p className="col-span-2 text-sm text-ink-3">
          Counted from each person’s first step; who enters on the last day has all of it too.
        </p>
      </div>
      <fieldset>
        <legend className="mb-1 font-medium text-ink-2">How strictly</legend>
        <p className="mb-1 text-sm text-ink-3">
          Always in this order. Unless you tick more, anything may happen in between.
        </p>
        {MODES.map(([mode, words, meaning]) => (
          <label key={mode} className="flex items-start gap-2 py-0.5 max-sm:min-h-10">
            <input
              type="checkbox"
              className="mt-1"
              checked={draft.modes.includes(mode)}
              onChange={(event) => {
                const others = draft.modes.filter((each) => each !== mode);
                onChange({ ...draft, modes: event.target.checked ? [...others, mode] : others });
              }}
            />
            <span>
              {words}
              <span className="block text-sm text-ink-3">{meaning}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </div>
  );
}
