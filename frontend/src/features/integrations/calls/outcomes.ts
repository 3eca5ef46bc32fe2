import type { PlatformCall } from "@/api/types";
import type { Tone } from "@/design/status";

const TONES: Readonly<Record<string, Tone>> = {
  ok: "pass",
  transient: "hold",
  rate_limited: "hold",
  auth: "block",
  permission: "block",
  invalid: "block",
  ambiguous: "block",
  unsupported: "muted",
};

export const OUTCOMES = [
  "transient",
  "rate_limited",
  "auth",
  "permission",
  "invalid",
  "ambiguous",
  "unsupported",
] as const;

/** A call that ended in a way we have no word for is a failure. */
export function toneOf({ outcome }: PlatformCall): Tone {
  return TONES[outcome] ?? "block";
}
