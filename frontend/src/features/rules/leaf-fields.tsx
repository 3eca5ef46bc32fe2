import type { ReactNode } from "react";
import type { Label } from "@/api/types";
import { AmountField, Figure, Pick, Suggested } from "../cdp/segments/inline";
import {
  COMPARISONS,
  isMoney,
  keyOf,
  type Known,
  type Leaf,
  type Metric,
  METRICS,
  type MetricTest,
  type Node,
  plainThan,
  PLATFORM_WORDS,
  SUMMED,
  type Than,
  type Window,
  WINDOW_WORDS,
  windowOf,
  withMetric,
} from "./definition";

interface EditorProps<N> {
  node: N;
  known: Known;
  onChange: (node: Node) => void;
}

export function LeafFields({ node, known, onChange }: EditorProps<Leaf>): ReactNode {
  switch (node.kind) {
    case "metric":
      return <MetricFields node={node} known={known} onChange={onChange} />;
    case "change":
      return <ChangeFields node={node} known={known} onChange={onChange} />;
    case "rank":
      return <RankFields node={node} known={known} onChange={onChange} />;
    case "platform":
      return <PlatformFields node={node} known={known} onChange={onChange} />;
    case "name":
      return <NameFields node={node} known={known} onChange={onChange} />;
    case "label":
      return (
        <LabelPick
          value={node.label_id}
          labels={known.labels}
          onPick={(label_id) => {
            onChange({ ...node, label_id });
          }}
        />
      );
  }
}

function WindowPick({ window, onPick }: { window: Window; onPick: (window: Window) => void }) {
  return (
    <Pick
      label="Over which days"
      value={keyOf(window)}
      options={WINDOW_WORDS}
      onPick={(key) => {
        onPick(windowOf(key));
      }}
    />
  );
}

function MetricFields({ node, known, onChange }: EditorProps<MetricTest>) {
  return (
    <>
      <Pick<Metric>
        label="Which figure"
        value={node.metric}
        options={METRICS}
        onPick={(metric) => {
          onChange(withMetric(node, metric, known.currency));
        }}
      />
      {node.window !== null && node.window !== undefined && (
        <WindowPick
          window={node.window}
          onPick={(window) => {
            onChange({ ...node, window });
          }}
        />
      )}
      <Pick
        label="How it is compared"
        value={node.op}
        options={COMPARISONS}
        onPick={(op) => {
          onChange({ ...node, op });
        }}
      />
      <ThanFields node={node} known={known} onChange={onChange} />
    </>
  );
}

const AGAINST = { plain: "this:", metric: "another figure:" } as const;

function ThanFields({ node, known, onChange }: EditorProps<MetricTest>) {
  const { than } = node;
  const put = (next: Than) => {
    onChange({ ...node, than: next });
  };
  return (
    <>
      <Pick
        label="Compared with"
        value={than.kind === "metric" ? "metric" : "plain"}
        options={AGAINST}
        onPick={(against) => {
          if (against === "plain") put(plainThan(node.metric, known.currency));
          else put(otherMetric(node.metric));
        }}
      />
      {than.kind === "number" && (
        <Figure
          label="Number"
          value={Number(than.value)}
          onFill={(value) => {
            if (value !== null) put({ kind: "number", value: String(value) });
          }}
        />
      )}
      {than.kind === "money" && (
        <>
          <AmountField
            label="Amount"
            micros={than.micros}
            currency={than.currency}
            onFill={(micros) => {
              if (micros !== null) put({ ...than, micros });
            }}
          />
          <CurrencyField
            value={than.currency}
            onType={(currency) => {
              put({ ...than, currency });
            }}
          />
        </>
      )}
      {than.kind === "metric" && <OtherMetric metric={node.metric} than={than} onChange={put} />}
    </>
  );
}

type OtherThan = Extract<Than, { readonly kind: "metric" }>;

function otherMetric(metric: Metric): OtherThan {
  return isMoney(metric)
    ? { kind: "metric", metric: "daily_budget", window: null, times: "1" }
    : { kind: "metric", metric: "clicks", window: windowOf("last7"), times: "1" };
}

function OtherMetric({
  metric,
  than,
  onChange,
}: {
  metric: Metric;
  than: OtherThan;
  onChange: (than: Than) => void;
}) {
  const alike = Object.fromEntries(
    Object.entries(METRICS).filter(([each]) => isMoney(each) === isMoney(metric)),
  ) as Partial<Record<Metric, string>>;
  return (
    <>
      <Figure
        label="So many times"
        value={Number(than.times)}
        onFill={(times) => {
          if (times !== null) onChange({ ...than, times: String(times) });
        }}
      />
      times
      <Pick<Metric>
        label="The other figure"
        value={than.metric}
        options={alike}
        onPick={(other) => {
          const window = other === "daily_budget" ? null : (than.window ?? windowOf("last7"));
          onChange({ ...than, metric: other, window });
        }}
      />
      {than.window !== null && than.window !== undefined && (
        <WindowPick
          window={than.window}
          onPick={(window) => {
            onChange({ ...than, window });
          }}
        />
      )}
    </>
  );
}

type ChangeTest = Extract<Leaf, { readonly kind: "change" }>;

function ChangeFields({ node, onChange }: EditorProps<ChangeTest>) {
  return (
    <>
      <Pick<Metric>
        label="Which figure"
        value={node.metric}
        options={SUMMED}
        onPick={(metric) => {
          onChange({ ...node, metric });
        }}
      />
      {node.window !== null && node.window !== undefined && (
        <WindowPick
          window={node.window}
          onPick={(window) => {
            onChange({ ...node, window });
          }}
        />
      )}
      against
      <WindowPick
        window={node.base}
        onPick={(base) => {
          onChange({ ...node, base });
        }}
      />
      <Pick
        label="How it is compared"
        value={node.op}
        options={COMPARISONS}
        onPick={(op) => {
          onChange({ ...node, op });
        }}
      />
      <Figure
        label="Per cent"
        value={Number(node.percent)}
        onFill={(percent) => {
          if (percent !== null) onChange({ ...node, percent: String(percent) });
        }}
      />
      %
    </>
  );
}

type RankTest = Extract<Leaf, { readonly kind: "rank" }>;
const ENDS = { top: "one of the highest", bottom: "one of the lowest" } as const;

function RankFields({ node, known, onChange }: EditorProps<RankTest>) {
  return (
    <>
      <Pick
        label="Which end"
        value={node.end}
        options={ENDS}
        onPick={(end) => {
          onChange({ ...node, end });
        }}
      />
      <Figure
        label="How many"
        whole
        value={node.count}
        className="w-14"
        onFill={(count) => {
          if (count !== null && count > 0) onChange({ ...node, count });
        }}
      />
      by
      <Pick<Metric>
        label="Which figure"
        value={node.metric}
        options={SUMMED}
        onPick={(metric) => {
          const currency = isMoney(metric) ? (node.currency ?? known.currency) : null;
          onChange({ ...node, metric, currency });
        }}
      />
      {node.window !== null && node.window !== undefined && (
        <WindowPick
          window={node.window}
          onPick={(window) => {
            onChange({ ...node, window });
          }}
        />
      )}
    </>
  );
}

type OnPlatform = Extract<Leaf, { readonly kind: "platform" }>;

function PlatformFields({ node, onChange }: EditorProps<OnPlatform>) {
  return (
    <span className="flex flex-wrap items-center gap-3">
      {(Object.keys(PLATFORM_WORDS) as (keyof typeof PLATFORM_WORDS)[]).map((each) => (
        <label key={each} className="flex h-8 items-center gap-1.5">
          <input
            type="checkbox"
            checked={node.one_of.includes(each)}
            onChange={(event) => {
              const others = node.one_of.filter((one) => one !== each);
              onChange({ ...node, one_of: event.target.checked ? [...others, each] : others });
            }}
          />
          {PLATFORM_WORDS[each]}
        </label>
      ))}
    </span>
  );
}

type Named = Extract<Leaf, { readonly kind: "name" }>;
const NAME_TESTS = { contains: "contains", starts_with: "starts with", is: "is" } as const;

function NameFields({ node, onChange }: EditorProps<Named>) {
  return (
    <>
      <Pick
        label="How the name is looked at"
        value={node.op}
        options={NAME_TESTS}
        onPick={(op) => {
          onChange({ ...node, op });
        }}
      />
      <Suggested
        label="Text"
        value={node.text}
        suggestions={[]}
        maxLength={200}
        onType={(text) => {
          onChange({ ...node, text });
        }}
      />
    </>
  );
}

export function LabelPick({
  value,
  labels,
  onPick,
}: {
  value: string;
  labels: readonly Label[];
  onPick: (labelId: string) => void;
}) {
  const options = Object.fromEntries([
    ["", "Choose a label"],
    ...labels.map(({ id, name }) => [id, name]),
  ]) as Record<string, string>;
  return <Pick label="Which label" value={value} options={options} onPick={onPick} />;
}

export function CurrencyField({ value, onType }: { value: string; onType: (currency: string) => void }) {
  return (
    <Suggested
      label="Currency"
      value={value}
      suggestions={["EUR", "USD", "GBP"]}
      maxLength={3}
      className="w-16"
      onType={(typed) => {
        onType(typed.toUpperCase());
      }}
    />
  );
}
