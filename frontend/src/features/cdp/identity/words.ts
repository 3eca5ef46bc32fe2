import type { IdentityLink } from "@/api/types";
import { words } from "@/format/words";
import type { LinkState } from "./graph-layout";

const REASONS: Readonly<Record<string, string>> = {
  different_users: "They have different user ids: two people.",
  kept_apart: "A person said that they are two people.",
  type_limit: "One of them would have had more identifiers of a type than the rules allow.",
  too_many_identifiers: "Together they would have had more identifiers than the rules allow.",
  too_many_merges: "One of them has been merged as often as the rules allow.",
  demoted: "It gave way to a stronger identifier of the same event.",
  garbage: "The value names nobody: many programs send it for many people.",
};

export function refusalOf(reason: string | null): string | null {
  return reason === null ? null : (REASONS[reason] ?? words(reason));
}

export const STATES: Readonly<Record<LinkState, string>> = {
  joined: "One person",
  refused: "Refused",
  apart: "Kept apart",
  undone: "Taken back",
};

/** Who or what said it. */
export function assertedBy(link: IdentityLink): string {
  if (link.kind === "observed") return "An event named both";
  const who = link.asserted_by ?? "Somebody";
  return link.kind === "merge" ? `${who} merged them` : `${who} split them`;
}
