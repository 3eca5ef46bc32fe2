import type { Delivery } from "@/api/types";
import type { Tone } from "@/design/status";
import { money } from "@/format/money";

const TONES: Readonly<Record<Delivery["status"], Tone>> = {
  queued: "muted",
  sent: "accent",
  acknowledged: "pass",
  failed: "hold",
  dead: "block",
  skipped: "muted",
  quarantined: "hold",
};

const REASONS: Readonly<Record<string, string>> = {
  consent_refused: "The person has not agreed to advertising: it must not be sent.",
  outlier_value:
    "Its value is far beyond the account's orders so far: try it again once you have checked it.",
  event_erased: "Its event was erased.",
  partly_received: "The platform took only a part of the batch that it went in.",
  lead_event_not_chosen: "Snapchat has no lead: choose which of its events stands for one, at the account.",
  no_such_event: "The platform knows no event of this kind.",
  older_than_seven_days: "The platform takes nothing older than seven days.",
  in_the_future: "It is dated in the future.",
  nobody_to_match: "It carries nothing by which the platform could tell who it was.",
  purchase_without_value: "A purchase needs a value and a currency.",
  taken_back: "Its deal was taken back before it left.",
};

export const toneOf = (status: Delivery["status"]): Tone => TONES[status];

/** Why it stands as it does; a platform's own code is left as the platform spells it. */
export function reasonOf({ reason, status, attempts }: Delivery): string | null {
  if (reason === null) return null;
  const known = REASONS[reason];
  if (known !== undefined) return known;
  return status === "dead" ? `Given up after ${attempts}: ${reason}` : reason;
}

/** What failed, was given up, left out or held back may be tried once more; what arrived may not. */
export function mayBeReplayed({ status }: Delivery): boolean {
  return status === "failed" || status === "dead" || status === "skipped" || status === "quarantined";
}

/** What the platform holds, where the order is worth something else since. */
export function anotherAmount({ adjustment }: Delivery): string | null {
  if (adjustment === null || adjustment === undefined) return null;
  const worth = money(adjustment.worth_micros, adjustment.worth_currency);
  const reported = money(adjustment.reported_micros, adjustment.reported_currency);
  switch (adjustment.status) {
    case "even":
      return null;
    case "adjusted":
      return `Adjusted there to ${reported}.`;
    case "taken":
    case "failed":
      return `It is worth ${worth} now, and is being adjusted there from ${reported}.`;
    default:
      return `Reported with another amount: ${reported} there, ${worth} now.`;
  }
}
