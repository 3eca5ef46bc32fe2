import type { AccountHealth } from "@/api/types";

/** The autopilot's mode as people are told it. What was never measured lets nothing pass, yet nothing is wrong. */
export function shownMode({ mode, evaluated_at }: Pick<AccountHealth, "mode" | "evaluated_at">): string {
  return evaluated_at === null ? "not_started" : mode;
}
