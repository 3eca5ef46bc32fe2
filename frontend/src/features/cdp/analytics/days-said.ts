import type { FunnelDefinition } from "@/api/types";
import { date } from "@/format/time";
import { plural } from "@/format/words";

/** Over which days, in words that follow a verb. */
export function daysSaid(days: FunnelDefinition["days"]): string {
  if (days.kind === "between") return `from ${date(days.since)} to ${date(days.until)}`;
  return days.days === 1 ? "today" : `in the last ${plural(days.days, "day")}`;
}
