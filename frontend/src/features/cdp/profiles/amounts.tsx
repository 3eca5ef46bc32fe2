import { Money } from "@/design/figures";

/** Amounts of several currencies stand beside one another: they are never added up. */
export function Amounts({ amounts }: { amounts: Readonly<Record<string, number>> }) {
  const entries = Object.entries(amounts);
  if (entries.length === 0) return <span className="text-ink-3">none</span>;
  return (
    <ul>
      {entries.map(([currency, micros]) => (
        <li key={currency}>
          <Money micros={micros} currency={currency} />
        </li>
      ))}
    </ul>
  );
}
