import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "@/api/errors";
import type { Import, ImportColumn, ImportPlan } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { Panel } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { useSuggestions } from "../segments/queries";
import { Preview } from "./preview";
import { previewQuery, useStart } from "./queries";
import { TARGETS, TYPES, withTarget } from "./targets";

/** What becomes of each column, what the first rows come to by it, and the start. */
export function PlanForm({ file }: { file: Import }) {
  const [plan, setPlan] = useState<ImportPlan>(file.plan);
  const preview = useQuery(previewQuery(file.id, plan));
  const start = useStart(file.id);
  const faults = preview.error instanceof ApiError ? preview.error.fields : {};
  const change = (changes: Partial<ImportPlan>) => {
    setPlan({ ...plan, ...changes });
  };
  const changeColumn = (place: number, column: ImportColumn) => {
    change({ columns: plan.columns.map((each, index) => (index === place ? column : each)) });
  };
  return (
    <>
      <Panel title="What the columns are">
        <Table label="Columns">
          <thead>
            <tr>
              <Th>Column</Th>
              <Th>Becomes</Th>
              <Th>Named</Th>
              <Th>Read as</Th>
            </tr>
          </thead>
          <tbody>
            {plan.columns.map((column, place) => (
              <ColumnRow
                key={column.column}
                column={column}
                kind={file.kind}
                json={file.format === "json"}
                fault={faultOf(faults, place)}
                onChange={(changed) => {
                  changeColumn(place, changed);
                }}
              />
            ))}
          </tbody>
        </Table>
        <Options file={file} plan={plan} faults={faults} onChange={change} />
      </Panel>
      <Panel
        title="How the first rows are read"
        aside={
          <Button
            tone="primary"
            busy={start.isPending}
            disabled={preview.isError || preview.data === undefined}
            onClick={() => {
              start.mutate(plan);
            }}
          >
            Take it in
          </Button>
        }
      >
        {start.isError && <ErrorNote error={start.error} />}
        {preview.isError ? (
          <ErrorNote error={preview.error} />
        ) : (
          preview.data !== undefined && <Preview preview={preview.data} kind={file.kind} />
        )}
      </Panel>
    </>
  );
}

function faultOf(faults: Readonly<Record<string, string>>, place: number): string | undefined {
  return Object.entries(faults).find(([field]) => field.startsWith(`columns.${place}.`))?.[1];
}

/** What is offered as the name of a column; any other can be typed. */
const LISTS: Readonly<Partial<Record<ImportColumn["to"], string>>> = {
  consent: "consent-purposes",
  trait: "known-traits",
};

/** The traits that people have by now: a column that means the same takes the same name. */
function KnownTraits() {
  const vocabulary = useSuggestions();
  return (
    <datalist id="known-traits">
      {vocabulary?.traits
        // A dot leads into an object, and a column's name is taken as it stands.
        .filter(({ name }) => !name.includes("."))
        .map(({ name }) => (
          <option key={name} value={name} />
        ))}
    </datalist>
  );
}

interface ColumnRowProps {
  column: ImportColumn;
  kind: Import["kind"];
  json: boolean;
  fault: string | undefined;
  onChange: (column: ImportColumn) => void;
}

function ColumnRow({ column, kind, json, fault, onChange }: ColumnRowProps) {
  const named = ["trait", "property", "consent"].includes(column.to);
  const typed = ["trait", "property"].includes(column.to);
  return (
    <Tr>
      <Td className="max-w-60 font-medium break-words">{column.column}</Td>
      <Td className="min-w-44">
        <SelectField
          label={`What ${column.column} becomes`}
          hideLabel
          error={fault}
          value={column.to}
          onChange={(event) => {
            onChange(withTarget(column, event.target.value));
          }}
        >
          {TARGETS[kind].map(([target, label]) => (
            <option key={target} value={target}>
              {label}
            </option>
          ))}
        </SelectField>
      </Td>
      <Td className="min-w-36">
        {named && (
          <TextField
            label={`Name for ${column.column}`}
            hideLabel
            autoComplete="off"
            maxLength={200}
            list={LISTS[column.to]}
            value={column.name ?? ""}
            onChange={(event) => {
              onChange({ ...column, name: event.target.value === "" ? null : event.target.value });
            }}
          />
        )}
      </Td>
      <Td className="min-w-36">
        {typed && (
          <SelectField
            label={`How ${column.column} is read`}
            hideLabel
            value={column.type}
            onChange={(event) => {
              const type = TYPES.find(([each]) => each === event.target.value)?.[0];
              if (type !== undefined) onChange({ ...column, type });
            }}
          >
            {TYPES.filter(([type]) => json || type !== "as_is").map(([type, label]) => (
              <option key={type} value={type}>
                {label}
              </option>
            ))}
          </SelectField>
        )}
      </Td>
    </Tr>
  );
}

interface OptionsProps {
  file: Import;
  plan: ImportPlan;
  faults: Readonly<Record<string, string>>;
  onChange: (changes: Partial<ImportPlan>) => void;
}

function Options({ file, plan, faults, onChange }: OptionsProps) {
  return (
    <div className="grid items-start gap-3 border-t border-line p-4 sm:grid-cols-2 lg:grid-cols-4">
      <KnownTraits />
      <datalist id="consent-purposes">
        {["ads", "analytics", "email", "sms", "personalization"].map((purpose) => (
          <option key={purpose} value={purpose} />
        ))}
      </datalist>
      <TextField
        label="Times without a zone are from"
        autoComplete="off"
        placeholder="Europe/Berlin"
        hint="UTC, or a place."
        error={faults["timezone"]}
        value={plan.timezone}
        onChange={(event) => {
          onChange({ timezone: event.target.value });
        }}
      />
      <SelectField
        label="Dates are written"
        value={plan.date_order}
        onChange={(event) => {
          const order = event.target.value;
          onChange({ date_order: order === "dmy" || order === "mdy" ? order : "ymd" });
        }}
      >
        <option value="ymd">2026-01-31</option>
        <option value="dmy">31.01.2026</option>
        <option value="mdy">01/31/2026</option>
      </SelectField>
      <SelectField
        label="Numbers are written"
        value={plan.decimal_comma ? "comma" : "point"}
        onChange={(event) => {
          onChange({ decimal_comma: event.target.value === "comma" });
        }}
      >
        <option value="point">1234.56</option>
        <option value="comma">1.234,56</option>
      </SelectField>
      {file.kind === "events" && (
        <TextField
          label="Name of events without one"
          autoComplete="off"
          maxLength={500}
          error={faults["event_name"]}
          value={plan.event_name ?? ""}
          onChange={(event) => {
            onChange({ event_name: event.target.value === "" ? null : event.target.value });
          }}
        />
      )}
    </div>
  );
}
