import type { ConnectorHealth } from "@/api/types";
import type { Tone } from "@/design/status";

interface Standing {
  readonly tone: Tone;
  readonly says: string;
  readonly means: string;
}

/** How an account's way to its platform stands now, the worst first. */
export function standingOf(connector: ConnectorHealth): Standing {
  if (connector.connection_status !== "active")
    return {
      tone: "block",
      says: connector.connection_status === "needs_sign_in" ? "Needs a sign-in" : "Disconnected",
      means: "The platform no longer takes our token: nothing is read or written before somebody signs in.",
    };
  if (connector.circuit === "open")
    return {
      tone: "block",
      says: "Circuit open",
      means: "Five calls in a row failed: none leaves for 30 seconds, then one is tried.",
    };
  if (connector.waits_seconds > 0)
    return {
      tone: "hold",
      says: "Waits",
      means: "The platform asked us to slow down, and is obeyed.",
    };
  if (connector.circuit === "half_open")
    return { tone: "hold", says: "Circuit half open", means: "It failed of late: the next call is a trial." };
  return { tone: "pass", says: "Up", means: "Calls pass." };
}
