import { SelectField, TextField } from "@/design/field";
import { EventFields } from "../analytics/event-fields";
import { PeopleFields } from "../analytics/people-fields";
import { MOST_PERIODS, type ReportDraft } from "./report-draft";

interface ReportFieldsProps {
  draft: ReportDraft;
  onChange: (draft: ReportDraft) => void;
}

/** One of the choices of a select field; the first where it is none. */
function chosen<const T extends string>(value: string, among: readonly [T, ...T[]]): T {
  return among.find((each) => each === value) ?? among[0];
}

export function ReportFields({ draft, onChange }: ReportFieldsProps) {
  return (
    <>
      <div className="grid items-start gap-4 md:grid-cols-2">
        <StartFields draft={draft} onChange={onChange} />
        <ReturnFields draft={draft} onChange={onChange} />
      </div>
      <PeriodFields draft={draft} onChange={onChange} />
      <PeopleFields
        days="People begin"
        byProperty={draft.start !== "first_seen"}
        draft={draft.people}
        onChange={(people) => {
          onChange({ ...draft, people });
        }}
      />
    </>
  );
}

function StartFields({ draft, onChange }: ReportFieldsProps) {
  return (
    <div className="space-y-2">
      <SelectField
        label="A person begins"
        value={draft.start}
        onChange={(event) => {
          const start = chosen(event.target.value, ["first_seen", "first", "every"]);
          const lost = start === "first_seen";
          onChange({
            ...draft,
            start,
            returning: lost && draft.returning === "same" ? "any" : draft.returning,
            people:
              lost && draft.people.by === "property" ? { ...draft.people, by: "nothing" } : draft.people,
          });
        }}
      >
        <option value="first_seen">when they are first seen</option>
        <option value="first">with the first event of a kind</option>
        <option value="every">anew in each period with an event of a kind</option>
      </SelectField>
      {draft.start !== "first_seen" && (
        <EventFields
          label="Event that begins it"
          draft={draft.startEvent}
          onChange={(startEvent) => {
            onChange({ ...draft, startEvent });
          }}
        />
      )}
    </div>
  );
}

function ReturnFields({ draft, onChange }: ReportFieldsProps) {
  return (
    <div className="space-y-2">
      <SelectField
        label="and comes back"
        value={draft.returning}
        onChange={(event) => {
          onChange({ ...draft, returning: chosen(event.target.value, ["any", "same", "event"]) });
        }}
      >
        <option value="any">with anything that they do</option>
        {draft.start !== "first_seen" && <option value="same">with the same event</option>}
        <option value="event">with another event</option>
      </SelectField>
      {draft.returning === "event" && (
        <EventFields
          label="Event of coming back"
          draft={draft.returnEvent}
          onChange={(returnEvent) => {
            onChange({ ...draft, returnEvent });
          }}
        />
      )}
    </div>
  );
}

function PeriodFields({ draft, onChange }: ReportFieldsProps) {
  return (
    <div className="grid items-start gap-4 sm:grid-cols-3">
      <SelectField
        label="Periods of"
        hint={draft.period === "week" ? "Weeks begin on Monday." : undefined}
        value={draft.period}
        onChange={(event) => {
          onChange({ ...draft, period: chosen(event.target.value, ["day", "week", "month"]) });
        }}
      >
        <option value="day">a day</option>
        <option value="week">a week</option>
        <option value="month">a month</option>
      </SelectField>
      <TextField
        label="How many after the first"
        type="number"
        min={1}
        max={MOST_PERIODS}
        required
        value={draft.periods}
        onChange={(event) => {
          onChange({ ...draft, periods: event.target.value });
        }}
      />
      <SelectField
        label="A return counts"
        value={draft.counted}
        onChange={(event) => {
          onChange({ ...draft, counted: chosen(event.target.value, ["on", "on_or_after"]) });
        }}
      >
        <option value="on">in the period that it is in</option>
        <option value="on_or_after">in that period and those before it</option>
      </SelectField>
    </div>
  );
}
