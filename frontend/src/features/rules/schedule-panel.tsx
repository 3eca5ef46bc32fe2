import { Plus, X } from "lucide-react";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { Panel } from "@/design/panel";
import { CheckList } from "./check-list";
import { openSchedule, type Schedule } from "./definition";
import type { RuleDraft } from "./queries";

type Part = Schedule["parts"][number];

const EVERY = { 15: "Every 15 minutes", 30: "Every 30 minutes", 60: "Every hour", 120: "Every 2 hours",
  180: "Every 3 hours", 240: "Every 4 hours", 360: "Every 6 hours", 720: "Every 12 hours", 1440: "Once a day" } as const; // prettier-ignore
const DAYS = [[0, "Mon"], [1, "Tue"], [2, "Wed"], [3, "Thu"], [4, "Fri"], [5, "Sat"], [6, "Sun"]] as const; // prettier-ignore
const MOST_PARTS = 20;
const OFFICE_HOURS: Part = { days: [0, 1, 2, 3, 4], since: "08:00", until: "18:00" };

interface SchedulePanelProps {
  draft: RuleDraft;
  put: (change: Partial<RuleDraft>) => void;
}

export function SchedulePanel({ draft, put }: SchedulePanelProps) {
  const { schedule } = draft;
  const set = (change: Partial<Schedule>) => {
    put({ schedule: { ...schedule, ...change } });
  };
  return (
    <Panel title="How often">
      <div className="space-y-3 p-4">
        <SelectField
          label="It is evaluated"
          value={schedule.every_minutes}
          onChange={(event) => {
            set({ every_minutes: Number(event.target.value) as Schedule["every_minutes"] });
          }}
        >
          {Object.entries(EVERY).map(([minutes, said]) => (
            <option key={minutes} value={minutes}>
              {said}
            </option>
          ))}
        </SelectField>
        <TextField
          label="First at"
          type="time"
          required
          value={schedule.at}
          onChange={(event) => {
            set({ at: event.target.value });
          }}
        />
        <TextField
          label="Time zone"
          value={schedule.timezone}
          onChange={(event) => {
            set({ timezone: event.target.value });
          }}
        />
        <Parts
          parts={schedule.parts}
          set={(parts) => {
            set({ parts });
          }}
        />
        {openSchedule(schedule) !== null && (
          <p role="alert" className="text-sm text-block">
            {openSchedule(schedule)}
          </p>
        )}
        <TextField
          label="Hours before it acts on a campaign again"
          type="number"
          min={1}
          max={720}
          value={draft.cooldown_hours}
          onChange={(event) => {
            put({ cooldown_hours: Math.max(1, Math.min(720, Number(event.target.value))) });
          }}
        />
      </div>
    </Panel>
  );
}

/** Parts of the week at which it is evaluated; none is the whole week. */
function Parts({ parts, set }: { parts: readonly Part[]; set: (parts: Part[]) => void }) {
  return (
    <section aria-label="Parts of the week" className="space-y-3">
      <p className="text-sm text-ink-3">
        {parts.length === 0 ? "At any time of the week." : "Only at these times of the week:"}
      </p>
      {parts.map((part, index) => (
        <PartFields
          key={index}
          number={index + 1}
          part={part}
          onChange={(changed) => {
            set(parts.map((each, at) => (at === index ? changed : each)));
          }}
          onRemove={() => {
            set(parts.filter((_, at) => at !== index));
          }}
        />
      ))}
      {parts.length < MOST_PARTS && (
        <Button
          onClick={() => {
            set([...parts, OFFICE_HOURS]);
          }}
        >
          <Plus size={14} aria-hidden />
          {parts.length === 0 ? "Only at some hours" : "And at others"}
        </Button>
      )}
    </section>
  );
}

interface PartFieldsProps {
  number: number;
  part: Part;
  onChange: (part: Part) => void;
  onRemove: () => void;
}

function PartFields({ number, part, onChange, onRemove }: PartFieldsProps) {
  return (
    <section aria-label={`Part ${number}`} className="space-y-2 rounded-md border border-line p-2">
      <div className="flex items-start justify-between gap-2">
        <CheckList
          legend="On"
          options={DAYS}
          chosen={part.days}
          onChoose={(days) => {
            onChange({ ...part, days });
          }}
        />
        <Button aria-label={`Remove part ${number}`} onClick={onRemove}>
          <X size={14} aria-hidden />
        </Button>
      </div>
      <div className="grid grid-cols-2 gap-2">
        <TextField
          label="From"
          type="time"
          value={part.since}
          onChange={(event) => {
            onChange({ ...part, since: event.target.value });
          }}
        />
        {/* A clock has no 24:00: its 00:00 is the end of the day here. */}
        <TextField
          label="Until"
          type="time"
          hint={part.until === "24:00" ? "The end of the day." : undefined}
          value={part.until === "24:00" ? "00:00" : part.until}
          onChange={(event) => {
            onChange({ ...part, until: event.target.value === "00:00" ? "24:00" : event.target.value });
          }}
        />
      </div>
    </section>
  );
}
