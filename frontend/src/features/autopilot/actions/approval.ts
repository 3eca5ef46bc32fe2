import type { Action } from "@/api/types";

/** What only the autopilot's level holds back: sound, and waiting for a person's yes. */
const BY_LEVEL = new Set(["suggest_only", "approval_required"]);

/**
 * How a person may say yes: `plain`; `confirm`, with a reason, over a limit that it breaks; or not at all, since the
 * evidence is what holds it.
 */
export function approvalOf({
  state,
  reasons,
}: Pick<Action, "state" | "reasons">): "plain" | "confirm" | "none" {
  if (state === "awaiting_approval" || state === "proposed") return "plain";
  if (state !== "held") return "none";
  const standing = reasons.filter(({ verdict, code }) => verdict !== "pass" && !BY_LEVEL.has(code));
  const limits = standing.every(({ verdict, violation }) => verdict === "hold" && violation !== null);
  return limits && standing.length > 0 ? "confirm" : "none";
}
