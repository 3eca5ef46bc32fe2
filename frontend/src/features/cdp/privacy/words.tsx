import type { PrivacyRequest } from "@/api/types";
import { Age } from "@/design/figures";
import { Status } from "@/design/status";
import { words } from "@/format/words";

export const KINDS: Readonly<Record<PrivacyRequest["kind"], string>> = {
  export: "Export",
  erasure: "Erasure",
};

export const LAWS: Readonly<Record<PrivacyRequest["law"], string>> = {
  gdpr: "GDPR: one month",
  ccpa: "CCPA: 45 days",
};

export function RequestStatus({ request }: { request: PrivacyRequest }) {
  if (request.status === "done") return <Status tone="pass">Done</Status>;
  if (request.status === "dismissed") return <Status tone="muted">Dismissed</Status>;
  if (request.status === "overtaken") return <Status tone="muted">Erased by another</Status>;
  if (request.overdue) return <Status tone="block">Overdue</Status>;
  if (request.status === "proposed") return <Status tone="hold">To be confirmed</Status>;
  return <Status tone="accent">{request.status === "queued" ? "Waiting" : "Under way"}</Status>;
}

/** By when, and by which law. */
export function Due({ request }: { request: PrivacyRequest }) {
  return (
    <span className={request.overdue ? "font-medium text-block" : undefined}>
      <Age domain at={request.due_at} /> <span className="text-ink-3">({LAWS[request.law]})</span>
    </span>
  );
}

const STORES: Readonly<Record<string, string>> = {
  audit_logs: "Audit log",
  conversion_deliveries: "Conversions sent to platforms",
  redis: "Live streams",
  outbox: "Work under way",
  dead_letters: "Work that failed",
};

/** A store, as people call it; a platform by its name. */
export function storeName(store: string): string {
  if (store.startsWith("platform:")) return `${words(store.slice("platform:".length))} (platform)`;
  if (store.startsWith("audience:")) {
    const [, platform = "", ...name] = store.split(":");
    return `${name.join(":")} (audience at ${words(platform)})`;
  }
  return STORES[store] ?? words(store.replace(/^cdp_/, ""));
}
