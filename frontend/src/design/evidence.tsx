import { number } from "@/format/numbers";
import { dateTime } from "@/format/time";
import { words } from "@/format/words";
import { Unknown } from "./figures";
import { Fact, Facts } from "./panel";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Whatever a decision or a signal read, laid out by name; nested parts are indented. */
export function Evidence({ value, empty }: { value: Readonly<Record<string, unknown>>; empty: string }) {
  const entries = Object.entries(value);
  if (entries.length === 0) return <p className="text-ink-2">{empty}</p>;
  return (
    <Facts>
      {entries.map(([name, part]) => (
        <Fact key={name} term={words(name)}>
          <Part value={part} />
        </Fact>
      ))}
    </Facts>
  );
}

function Part({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <Unknown why="not measured" />;
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return INSTANT.test(value) ? dateTime(value) : value;
  if (Array.isArray(value)) return <List items={value} />;
  return <Evidence value={value as Record<string, unknown>} empty="—" />;
}

function List({ items }: { items: readonly unknown[] }) {
  if (items.length === 0) return "none";
  return (
    <ul>
      {items.map((item, index) => (
        <li key={index}>
          <Part value={item} />
        </li>
      ))}
    </ul>
  );
}
