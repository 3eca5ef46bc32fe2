import type { PlatformCall } from "@/api/types";
import type { Tone } from "@/design/status";

interface Meaning {
  readonly tone: Tone;
  /** What follows from it, and what a person can do. */
  readonly next: string;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ok: { tone: "pass", next: "The platform answered as it should." },
  transient: {
    tone: "hold",
    next: "The platform or the network failed for a moment. It is tried again by itself.",
  },
  rate_limited: {
    tone: "hold",
    next: "The platform asked us to slow down. It is tried again when the platform allows it.",
  },
  auth: {
    tone: "block",
    next: "The platform refused our token. Somebody has to sign in there again, under Connections.",
  },
  permission: {
    tone: "block",
    next: "Whoever signed in may not do this. Give them the right on the platform, then sign in again.",
  },
  invalid: {
    tone: "block",
    next: "The platform refused what was asked. Trying the same again would change nothing.",
  },
  ambiguous: {
    tone: "block",
    next: "Nobody knows whether it took effect. It is read back, and never sent again on the same permit.",
  },
  unsupported: { tone: "muted", next: "The platform does not offer this." },
};

/** A call that ended in a way we have no word for is a failure that explains nothing. */
export function meaning(outcome: string): Meaning {
  return MEANINGS[outcome] ?? { tone: "block", next: "Nothing more is known of how it ended." };
}

/** A read is asked again by syncing its account; a write never is. */
export function mayBeReadAgain(call: PlatformCall): boolean {
  return call.outcome !== "ok" && !call.mutating && call.ad_account_id !== null;
}
