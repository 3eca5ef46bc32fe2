import { ArrowRight } from "lucide-react";
import { money } from "@/format/money";
import { change, number } from "@/format/numbers";
import { words } from "@/format/words";
import { Unknown } from "./figures";
import { Fact } from "./panel";

interface ChangeProps {
  before: Readonly<Record<string, unknown>>;
  after: Readonly<Record<string, unknown>>;
  currency: string;
}

/** What changes, field by field: before → after, with the difference where both are amounts. */
export function Change({ before, after, currency }: ChangeProps) {
  return Object.keys(after).map((name) => (
    <Fact key={name} term={words(name.replace(/_micros$/, ""))}>
      <BeforeAfter name={name} before={before[name]} after={after[name]} currency={currency} />
    </Fact>
  ));
}

interface BeforeAfterProps {
  name: string;
  before: unknown;
  after: unknown;
  currency: string;
}

export function BeforeAfter({ name, before, after, currency }: BeforeAfterProps) {
  const measured = typeof before === "number" && typeof after === "number" && before > 0;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1.5">
      <span className="text-ink-2">
        <span className="sr-only">from </span>
        <Value name={name} value={before} currency={currency} />
      </span>
      <ArrowRight size={12} aria-hidden className="text-ink-3" />
      <span className="font-medium">
        <span className="sr-only">to </span>
        <Value name={name} value={after} currency={currency} />
      </span>
      {measured && <span className="text-ink-3">{change(before, after)}</span>}
    </span>
  );
}

function Value({ name, value, currency }: { name: string; value: unknown; currency: string }) {
  if (value === null || value === undefined) return <Unknown why="not known before the change" />;
  if (typeof value !== "number") return typeof value === "string" ? words(value) : JSON.stringify(value);
  return name.endsWith("_micros") ? money(value, currency) : number(value);
}
