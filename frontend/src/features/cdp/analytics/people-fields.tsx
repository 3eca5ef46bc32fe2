import { useQuery } from "@tanstack/react-query";
import { SelectField, TextField } from "@/design/field";
import { MOST_DAYS, MOST_GROUPS, type PeopleDraft } from "./people-draft";
import { segmentsQuery, useSuggested } from "./suggestions";

interface PeopleFieldsProps {
  /** What happens within the days: "People enter". */
  days: string;
  draft: PeopleDraft;
  onChange: (draft: PeopleDraft) => void;
  /** Whether they begin with an event, whose properties tell them apart. */
  byProperty: boolean;
}

/** Over which days, of whom, and by what people are told apart. */
export function PeopleFields({ days, draft, onChange, byProperty }: PeopleFieldsProps) {
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
      <DaysFields label={days} draft={draft} onChange={onChange} />
      <SegmentField draft={draft} onChange={onChange} />
      <BreakdownFields draft={draft} onChange={onChange} byProperty={byProperty} />
    </div>
  );
}

interface FieldsProps {
  draft: PeopleDraft;
  onChange: (draft: PeopleDraft) => void;
}

function DaysFields({ label, draft, onChange }: FieldsProps & { label: string }) {
  const { days } = draft;
  const change = (to: Partial<PeopleDraft["days"]>) => {
    onChange({ ...draft, days: { ...days, ...to } });
  };
  return (
    <div className="space-y-2">
      <SelectField
        label={label}
        value={days.kind}
        onChange={(event) => {
          change({ kind: event.target.value === "between" ? "between" : "last" });
        }}
      >
        <option value="last">in the last days, today among them</option>
        <option value="between">between two days</option>
      </SelectField>
      {days.kind === "last" ? (
        <TextField
          label="Days"
          type="number"
          min={1}
          max={MOST_DAYS}
          required
          value={days.last}
          onChange={(event) => {
            change({ last: event.target.value });
          }}
        />
      ) : (
        <div className="grid grid-cols-2 gap-2">
          <TextField
            label="First day"
            type="date"
            required
            value={days.since}
            onChange={(event) => {
              change({ since: event.target.value });
            }}
          />
          <TextField
            label="Last day"
            type="date"
            required
            value={days.until}
            error={
              days.until !== "" && days.until < days.since ? "It comes before the first day." : undefined
            }
            onChange={(event) => {
              change({ until: event.target.value });
            }}
          />
        </div>
      )}
    </div>
  );
}

function SegmentField({ draft, onChange }: FieldsProps) {
  const segments = useQuery(segmentsQuery);
  return (
    <SelectField
      label="Only people of the segment"
      hint="Who is in it now."
      value={draft.segmentId}
      onChange={(event) => {
        onChange({ ...draft, segmentId: event.target.value });
      }}
    >
      <option value="">Everybody</option>
      {segments.data?.items.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

const KINDS = ["nothing", "property", "trait", "computed", "lifecycle", "segment"] as const;
const KIND_WORDS: Readonly<Record<PeopleDraft["by"], string>> = {
  nothing: "Nothing: all together",
  property: "A property of their first event",
  trait: "A trait",
  computed: "A computed trait",
  lifecycle: "Lifecycle",
  segment: "Segments",
};

function BreakdownFields({ draft, onChange, byProperty }: FieldsProps & { byProperty: boolean }) {
  const lists = useSuggested();
  const { by } = draft;
  const named = by === "property" || by === "trait" || by === "computed";
  return (
    <div className="space-y-2">
      <SelectField
        label="Compare by"
        value={by}
        onChange={(event) => {
          onChange({ ...draft, by: KINDS.find((each) => each === event.target.value) ?? "nothing" });
        }}
      >
        {KINDS.filter((each) => each !== "property" || byProperty).map((each) => (
          <option key={each} value={each}>
            {KIND_WORDS[each]}
          </option>
        ))}
      </SelectField>
      {named && (
        <div className="grid grid-cols-[minmax(0,1fr)_88px] gap-2">
          <TextField
            label="Its name"
            required
            maxLength={200}
            autoComplete="off"
            list={{ property: lists.properties, trait: lists.traits, computed: lists.computed }[by]}
            value={draft.name}
            onChange={(event) => {
              onChange({ ...draft, name: event.target.value });
            }}
          />
          <TextField
            label="Groups"
            type="number"
            min={1}
            max={MOST_GROUPS}
            required
            value={draft.top}
            onChange={(event) => {
              onChange({ ...draft, top: event.target.value });
            }}
          />
          <p className="col-span-2 text-sm text-ink-3">
            The values of the most people; all others are one group.
          </p>
        </div>
      )}
      {by === "segment" && <SegmentsField draft={draft} onChange={onChange} />}
    </div>
  );
}

function SegmentsField({ draft, onChange }: FieldsProps) {
  const segments = useQuery(segmentsQuery);
  const { segmentIds } = draft;
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-ink-2">Which segments</legend>
      {segments.data?.items.length === 0 && <p className="text-ink-3">There is no segment yet.</p>}
      <div className="max-h-40 space-y-1 overflow-y-auto">
        {segments.data?.items.map(({ id, name }) => (
          <label key={id} className="flex items-center gap-2 max-sm:min-h-10">
            <input
              type="checkbox"
              checked={segmentIds.includes(id)}
              disabled={!segmentIds.includes(id) && segmentIds.length >= 10}
              onChange={(event) => {
                const others = segmentIds.filter((each) => each !== id);
                onChange({ ...draft, segmentIds: event.target.checked ? [...others, id] : others });
              }}
            />
            <span className="min-w-0 truncate">{name}</span>
            {segmentIds.length > 1 && segmentIds.includes(id) && (
              <span className="text-sm text-ink-3">{segmentIds.indexOf(id) + 1}.</span>
            )}
          </label>
        ))}
      </div>
      <p className="mt-1 text-sm text-ink-3">
        Who is in several counts in the one that you ticked first, so that the groups add up.
      </p>
    </fieldset>
  );
}
