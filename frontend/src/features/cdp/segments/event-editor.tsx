import { useQuery } from "@tanstack/react-query";
import { Filter, X } from "lucide-react";
import type { Vocabulary, Word } from "@/api/types";
import { Button, IconButton } from "@/design/button";
import {
  type EventCondition,
  type EventTest,
  type PropertyTest,
  retestedEvent,
  type Window,
} from "./conditions";
import { AmountField, Figure, MomentField, Pick, Suggested } from "./inline";
import { vocabularyQuery } from "./queries";
import { COMPARISON_WORDS } from "./sentences";
import { usualTest, ValueEditor } from "./value-editor";

const TESTS = {
  did: "did",
  did_not: "did not do",
  times: "did so many times",
  sum: "did, with a property adding up to",
  money: "did, worth together",
  last: "did, the last time with",
} as const;

const WINDOWS = { last: "within the last", between: "between", ever: "at any time" } as const;

const MOST_FILTERS = 10;

interface EventEditorProps {
  condition: EventCondition;
  vocabulary: Vocabulary | undefined;
  onChange: (condition: EventCondition) => void;
}

export function EventEditor({ condition, vocabulary, onChange }: EventEditorProps) {
  const { event, where, window, test } = condition;
  const known = vocabulary?.events.some((each) => each.name === event) === true;
  const asked = useQuery({ ...vocabularyQuery(event), enabled: known });
  const properties = known ? (asked.data?.properties ?? []) : [];
  return (
    <>
      <Pick
        label="What they did"
        value={test.op}
        options={TESTS}
        onPick={(op) => {
          onChange({ ...condition, test: retestedEvent(test, op, vocabulary?.currencies[0] ?? "") });
        }}
      />
      <Suggested
        label="Event"
        placeholder="Choose an event"
        value={event}
        suggestions={vocabulary?.events.map((each) => each.name) ?? []}
        onType={(typed) => {
          onChange({ ...condition, event: typed });
        }}
        className="w-48 font-medium"
      />
      <Measured
        test={test}
        properties={properties}
        currencies={vocabulary?.currencies ?? []}
        onChange={(next) => {
          onChange({ ...condition, test: next });
        }}
      />
      <WindowEditor
        window={window}
        onChange={(next) => {
          onChange({ ...condition, window: next });
        }}
      />
      <Filters
        where={where}
        properties={properties}
        onChange={(next) => {
          onChange({ ...condition, where: next });
        }}
      />
    </>
  );
}

interface MeasuredProps {
  test: EventTest;
  properties: readonly Word[];
  currencies: readonly string[];
  onChange: (test: EventTest) => void;
}

function isDone(test: EventTest): test is Extract<EventTest, { readonly op: "did" | "did_not" }> {
  return test.op === "did" || test.op === "did_not";
}

function Measured({ test, properties, currencies, onChange }: MeasuredProps) {
  if (isDone(test)) return null;
  if (test.op === "last")
    return (
      <>
        <PropertyField
          label="Property of the last one"
          value={test.property}
          properties={properties}
          onType={(property) => {
            onChange({ ...test, property });
          }}
        />
        <ValueEditor
          of={test.property === "" ? "the property" : test.property}
          test={test.test}
          word={properties.find(({ name }) => name === test.property)}
          onChange={(next) => {
            onChange({ ...test, test: next });
          }}
        />
      </>
    );
  return (
    <>
      {test.op === "sum" && (
        <PropertyField
          label="Property to add up"
          value={test.property}
          properties={properties.filter(({ kinds }) => kinds.includes("number"))}
          onType={(property) => {
            onChange({ ...test, property });
          }}
        />
      )}
      <Pick
        label="How to compare"
        value={test.compare}
        options={COMPARISON_WORDS}
        onPick={(compare) => {
          onChange({ ...test, compare });
        }}
      />
      {test.op === "times" && (
        <span className="inline-flex items-center gap-1.5">
          <Figure
            whole
            label="How many times"
            className="w-14"
            value={test.value}
            onFill={(value) => {
              onChange({ ...test, value });
            }}
          />
          <span>times</span>
        </span>
      )}
      {test.op === "sum" && (
        <Figure
          label="Sum"
          value={test.number}
          onFill={(number) => {
            onChange({ ...test, number });
          }}
        />
      )}
      {test.op === "money" && (
        <>
          <AmountField
            label="Amount"
            micros={test.micros}
            currency={test.currency}
            onFill={(micros) => {
              onChange({ ...test, micros });
            }}
          />
          <CurrencyField
            currency={test.currency}
            currencies={currencies}
            onType={(currency) => {
              onChange({ ...test, currency });
            }}
          />
        </>
      )}
    </>
  );
}

interface CurrencyFieldProps {
  currency: string;
  currencies: readonly string[];
  onType: (currency: string) => void;
}

export function CurrencyField({ currency, currencies, onType }: CurrencyFieldProps) {
  return (
    <Suggested
      label="Currency"
      placeholder="EUR"
      maxLength={3}
      value={currency}
      suggestions={currencies}
      onType={(typed) => {
        onType(typed.toUpperCase());
      }}
      className="w-18"
    />
  );
}

interface PropertyFieldProps {
  label: string;
  value: string;
  properties: readonly Word[];
  onType: (property: string) => void;
}

function PropertyField({ label, value, properties, onType }: PropertyFieldProps) {
  return (
    <Suggested
      label={label}
      placeholder="property"
      value={value}
      suggestions={properties.map(({ name }) => name)}
      onType={onType}
      className="w-32"
    />
  );
}

function WindowEditor({
  window,
  onChange,
}: {
  window: Window | null;
  onChange: (window: Window | null) => void;
}) {
  return (
    <>
      <Pick
        label="When"
        value={window?.kind ?? "ever"}
        options={WINDOWS}
        onPick={(kind) => {
          if (kind === "ever") onChange(null);
          else onChange(kind === "last" ? { kind, days: 30 } : { kind, since: "", until: "" });
        }}
      />
      {window?.kind === "last" && (
        <span className="inline-flex items-center gap-1.5">
          <Figure
            whole
            label="How many days"
            className="w-16"
            value={window.days}
            onFill={(days) => {
              onChange({ ...window, days });
            }}
          />
          <span>days</span>
        </span>
      )}
      {window?.kind === "between" && (
        <>
          <MomentField
            label="From"
            at={window.since}
            onFill={(since) => {
              onChange({ ...window, since });
            }}
          />
          <span>and</span>
          <MomentField
            label="Until"
            at={window.until}
            onFill={(until) => {
              onChange({ ...window, until });
            }}
          />
        </>
      )}
    </>
  );
}

interface FiltersProps {
  where: readonly PropertyTest[];
  properties: readonly Word[];
  onChange: (where: readonly PropertyTest[]) => void;
}

function Filters({ where, properties, onChange }: FiltersProps) {
  const wordOf = (property: string) => properties.find(({ name }) => name === property);
  return (
    <>
      {where.map((each, index) => (
        <div key={index} className="flex w-full flex-wrap items-center gap-1.5 pl-3">
          <span className="w-10 text-ink-3">{index === 0 ? "where" : "and"}</span>
          <PropertyField
            label={`Property of filter ${index + 1}`}
            value={each.property}
            properties={properties}
            onType={(property) => {
              const word = wordOf(property);
              const fresh = word !== undefined && wordOf(each.property) === undefined;
              onChange(where.with(index, { property, test: fresh ? usualTest(word) : each.test }));
            }}
          />
          <ValueEditor
            of={each.property === "" ? `filter ${index + 1}` : each.property}
            test={each.test}
            word={wordOf(each.property)}
            onChange={(test) => {
              onChange(where.with(index, { ...each, test }));
            }}
          />
          <IconButton
            label={`Remove filter ${index + 1}`}
            onClick={() => {
              onChange(where.toSpliced(index, 1));
            }}
          >
            <X size={14} aria-hidden />
          </IconButton>
        </div>
      ))}
      {where.length < MOST_FILTERS && (
        <Button
          tone="quiet"
          className="px-2"
          onClick={() => {
            onChange([...where, { property: "", test: { op: "is", text: "" } }]);
          }}
        >
          <Filter size={13} aria-hidden />
          Add a filter
        </Button>
      )}
    </>
  );
}
