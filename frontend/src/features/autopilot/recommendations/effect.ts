import type { Recommendation } from "@/api/types";
import { money } from "@/format/money";

type Effect = NonNullable<Recommendation["effect"]>;

const signed = (micros: number, currency: string) =>
  micros > 0 ? `+${money(micros, currency)}` : money(micros, currency);

/** What is expected a day; a value that is not known is told by its ends alone. */
export function effectInWords(effect: Effect, currency: string): string {
  const { spend_micros, value_micros, value_low_micros, value_high_micros } = effect;
  const between = `${signed(value_low_micros, currency)} to ${signed(value_high_micros, currency)}`;
  const value =
    value_micros === null
      ? `value between ${between}`
      : `${signed(value_micros, currency)} value (${between}, 80 %)`;
  const spend = spend_micros === 0 ? "at the same spend" : `with ${signed(spend_micros, currency)} spend`;
  return `Expected a day: ${value}, ${spend}.`;
}
