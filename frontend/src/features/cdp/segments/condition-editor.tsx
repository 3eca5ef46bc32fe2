import type { Vocabulary, Word } from "@/api/types";
import type {
  Condition,
  CounterCondition,
  MoneyCondition,
  Stage,
  StageCondition,
  TimeCondition,
  TimeTest,
  TraitCondition,
} from "./conditions";
import { CurrencyField, EventEditor } from "./event-editor";
import { AmountField, Figure, MomentField, Pick, Suggested } from "./inline";
import {
  COMPARISON_WORDS,
  COUNTER_WORDS,
  HAS_WORDS,
  MONEY_WORDS,
  STAGE_WORDS,
  TIME_WORDS,
} from "./sentences";
import { usualTest, ValueEditor } from "./value-editor";

interface EditorProps<T> {
  condition: T;
  vocabulary: Vocabulary | undefined;
  onChange: (condition: T) => void;
}

/** A condition as a sentence whose words can be chosen. */
export function ConditionEditor({ condition, vocabulary, onChange }: EditorProps<Condition>) {
  switch (condition.kind) {
    case "event":
      return <EventEditor condition={condition} vocabulary={vocabulary} onChange={onChange} />;
    case "trait":
    case "computed":
      return <TraitEditor condition={condition} vocabulary={vocabulary} onChange={onChange} />;
    case "lifecycle":
      return <StageEditor condition={condition} onChange={onChange} />;
    case "has":
      return (
        <>
          <span>have</span>
          <Pick
            label="What is known of them"
            value={condition.identifier}
            options={HAS_WORDS}
            onPick={(identifier) => {
              onChange({ ...condition, identifier });
            }}
          />
        </>
      );
    case "counter":
      return <CounterEditor condition={condition} onChange={onChange} />;
    case "money":
      return <MoneyEditor condition={condition} vocabulary={vocabulary} onChange={onChange} />;
    case "time":
      return <TimeEditor condition={condition} onChange={onChange} />;
  }
}

function TraitEditor({ condition, vocabulary, onChange }: EditorProps<TraitCondition>) {
  const isTrait = condition.kind === "trait";
  const known: readonly Word[] = (isTrait ? vocabulary?.traits : vocabulary?.computed) ?? [];
  const wordOf = (name: string) => known.find((each) => each.name === name);
  const word = wordOf(condition.name);
  return (
    <>
      <span>{isTrait ? "their trait" : "their computed trait"}</span>
      <Suggested
        label={isTrait ? "Trait" : "Computed trait"}
        placeholder="Choose a trait"
        value={condition.name}
        suggestions={known.map(({ name }) => name)}
        onType={(name) => {
          const found = wordOf(name);
          const test = found !== undefined && word === undefined ? usualTest(found) : condition.test;
          onChange({ ...condition, name, test });
        }}
        className="w-40 font-medium"
      />
      <ValueEditor
        of={condition.name === "" ? "the trait" : condition.name}
        test={condition.test}
        word={word}
        onChange={(test) => {
          onChange({ ...condition, test });
        }}
      />
      {word?.sealed === true && (
        <span className="text-sm text-ink-3">It names people, so its values are not shown here.</span>
      )}
    </>
  );
}

const STAGES = Object.keys(STAGE_WORDS) as Stage[];

function StageEditor({ condition, onChange }: Omit<EditorProps<StageCondition>, "vocabulary">) {
  return (
    <>
      <span>are</span>
      {STAGES.map((stage) => (
        <label
          key={stage}
          className="inline-flex h-8 cursor-pointer items-center gap-1.5 rounded-md border border-line-strong px-2 has-checked:border-accent has-checked:bg-accent-soft max-sm:h-10"
        >
          <input
            type="checkbox"
            className="accent-accent"
            checked={condition.one_of.includes(stage)}
            onChange={(event) => {
              const chosen = event.target.checked
                ? STAGES.filter((each) => each === stage || condition.one_of.includes(each))
                : condition.one_of.filter((each) => each !== stage);
              onChange({ ...condition, one_of: chosen });
            }}
          />
          {STAGE_WORDS[stage]}
        </label>
      ))}
    </>
  );
}

function CounterEditor({ condition, onChange }: Omit<EditorProps<CounterCondition>, "vocabulary">) {
  return (
    <>
      <span>have</span>
      <Pick
        label="How to compare"
        value={condition.op}
        options={COMPARISON_WORDS}
        onPick={(op) => {
          onChange({ ...condition, op });
        }}
      />
      <Figure
        whole
        label="How many"
        value={condition.value}
        onFill={(value) => {
          onChange({ ...condition, value });
        }}
      />
      <Pick
        label="What is counted"
        value={condition.field}
        options={COUNTER_WORDS}
        onPick={(field) => {
          onChange({ ...condition, field });
        }}
      />
    </>
  );
}

function MoneyEditor({ condition, vocabulary, onChange }: EditorProps<MoneyCondition>) {
  return (
    <>
      <Pick
        label="What is summed up"
        value={condition.field}
        options={MONEY_WORDS}
        onPick={(field) => {
          onChange({ ...condition, field });
        }}
      />
      <Pick
        label="How to compare"
        value={condition.op}
        options={COMPARISON_WORDS}
        onPick={(op) => {
          onChange({ ...condition, op });
        }}
      />
      <AmountField
        label="Amount"
        micros={condition.micros}
        currency={condition.currency}
        onFill={(micros) => {
          onChange({ ...condition, micros });
        }}
      />
      <CurrencyField
        currency={condition.currency}
        currencies={vocabulary?.currencies ?? []}
        onType={(currency) => {
          onChange({ ...condition, currency });
        }}
      />
      <span>in all</span>
    </>
  );
}

const TIME_TESTS = {
  within_last: "within the last",
  longer_ago_than: "more than",
  before: "before",
  since: "on or after",
  exists: "at all",
} as const;

function timeTest(op: TimeTest["op"], was: TimeTest): TimeTest {
  if (op === "exists") return { op };
  if (op === "before" || op === "since") return { op, at: "at" in was ? was.at : "" };
  return { op, days: "days" in was ? was.days : 30 };
}

function TimeEditor({ condition, onChange }: Omit<EditorProps<TimeCondition>, "vocabulary">) {
  const { test } = condition;
  return (
    <>
      <Pick
        label="Which time of theirs"
        value={condition.field}
        options={TIME_WORDS}
        onPick={(field) => {
          onChange({ ...condition, field });
        }}
      />
      <Pick
        label="How to compare"
        value={test.op}
        options={TIME_TESTS}
        onPick={(op) => {
          onChange({ ...condition, test: timeTest(op, test) });
        }}
      />
      {"days" in test && (
        <span className="inline-flex items-center gap-1.5">
          <Figure
            whole
            label="How many days"
            className="w-16"
            value={test.days}
            onFill={(days) => {
              onChange({ ...condition, test: { ...test, days } });
            }}
          />
          <span>{test.op === "longer_ago_than" ? "days ago" : "days"}</span>
        </span>
      )}
      {"at" in test && (
        <MomentField
          label="Moment"
          at={test.at}
          onFill={(at) => {
            onChange({ ...condition, test: { ...test, at } });
          }}
        />
      )}
    </>
  );
}
