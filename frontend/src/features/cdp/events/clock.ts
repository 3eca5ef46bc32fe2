import { number } from "@/format/numbers";
import { plural } from "@/format/words";

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** How wrong a sender's clock was, by how far its time was moved to be ours. */
export function shiftWords(shift: number | null): string {
  if (shift === null) return "it said no time of its own: the time of receipt counts";
  const size = Math.abs(shift);
  if (size < 1_000) return "right to the second";
  const [unit, length] = UNITS.find(([, each]) => size >= each) ?? ["second", 1_000];
  const amount = Math.round((size / length) * 10) / 10;
  const said = Number.isInteger(amount) ? plural(amount, unit) : `${number(amount)} ${unit}s`;
  return `${said} ${shift > 0 ? "slow" : "fast"}: its time was mended`;
}
