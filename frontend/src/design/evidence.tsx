import { money } from "@/format/money";
import { number } from "@/format/numbers";
import { dateTime } from "@/format/time";
import { words } from "@/format/words";
import { Unknown } from "./figures";
import { Fact, Facts } from "./panel";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

type Named = Readonly<Record<string, unknown>>;

interface EvidenceProps {
  value: Named;
  empty: string;
  /** Of the amounts (`…_micros`) that name none themselves. */
  currency?: string | null;
}

/** Whatever a decision or a signal read, laid out by name; nested parts are indented. */
export function Evidence({ value, empty, currency = null }: EvidenceProps) {
  const entries = Object.entries(value);
  if (entries.length === 0) return <p className="text-ink-2">{empty}</p>;
  const own = currencyOf(value) ?? currency;
  return (
    <Facts>
      {entries.map(([name, part]) => (
        <Fact key={name} term={words(name.replace(/_micros$/, ""))} nested={isNamed(part)}>
          {name.endsWith("_micros") && typeof part === "number" ? (
            <Amount micros={part} currency={own} />
          ) : (
            <Part value={part} currency={own} />
          )}
        </Fact>
      ))}
    </Facts>
  );
}

function isNamed(part: unknown): part is Named {
  return typeof part === "object" && part !== null && !Array.isArray(part);
}

/** A part that names its currency means its own amounts, and those within it. */
function currencyOf(value: Named): string | null {
  const named = value["currency"] ?? value["account_currency"];
  return typeof named === "string" && named !== "" ? named : null;
}

function Amount({ micros, currency }: { micros: number; currency: string | null }) {
  if (currency !== null) return money(micros, currency);
  return (
    <>
      {number(micros / 1_000_000)} <span className="text-ink-3">currency not recorded</span>
    </>
  );
}

function Part({ value, currency }: { value: unknown; currency: string | null }) {
  if (value === null || value === undefined) return <Unknown why="not measured" />;
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return INSTANT.test(value) ? dateTime(value) : value;
  if (Array.isArray(value)) return <List items={value} currency={currency} />;
  return <Evidence value={value as Named} empty="—" currency={currency} />;
}

function List({ items, currency }: { items: readonly unknown[]; currency: string | null }) {
  if (items.length === 0) return "none";
  return (
    <ul>
      {items.map((item, index) => (
        <li key={index}>
          <Part value={item} currency={currency} />
        </li>
      ))}
    </ul>
  );
}
