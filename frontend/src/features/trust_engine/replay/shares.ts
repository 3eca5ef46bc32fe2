import { part, share } from "@/format/shares";
import { integer } from "@/format/numbers";

interface Counted {
  readonly count: number;
  readonly of: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** "3 of 40 (7.5%; 2.6% to 19.9%)", or that there are too few to say. */
export function counted({ count, of, low, high }: Counted): string {
  const plain = `${integer(count)} of ${integer(of)}`;
  if (low === null || high === null) return `${plain}: not enough data`;
  return `${plain} (${share(part(count, of))}; ${share(low)} to ${share(high)})`;
}
