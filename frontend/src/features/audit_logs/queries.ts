import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

/** Every change of state, the newest first; `q` narrows it to what contains the words. */
export function auditLogQuery(q: string | undefined) {
  return byCursor(["audit_logs", q ?? null], (cursor) =>
    body(api.GET("/api/v1/audit-logs", { params: { query: { cursor, q: q ?? null } } })),
  );
}
