import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCan } from "@/api/permissions";
import { Page } from "@/design/panel";

const TAB =
  "inline-flex h-9 shrink-0 items-center border-b-2 border-transparent text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink";

export function SettingsFrame({ children }: { children: ReactNode }) {
  const keys = useCan("api_keys:read");
  const audit = useCan("audit_logs:read");
  return (
    <Page title="Settings">
      <nav aria-label="Settings" className="flex gap-5 overflow-x-auto border-b border-line max-sm:px-4">
        <Link to="/settings" activeOptions={{ exact: true }} className={TAB}>
          You
        </Link>
        <Link to="/settings/company" className={TAB}>
          Company
        </Link>
        <Link to="/settings/members" className={TAB}>
          Members
        </Link>
        {keys && (
          <Link to="/settings/api-keys" className={TAB}>
            API keys
          </Link>
        )}
        {audit && (
          <Link to="/settings/audit-log" className={TAB}>
            Audit log
          </Link>
        )}
        <Link to="/connect" className={TAB}>
          Connections
        </Link>
      </nav>
      {children}
    </Page>
  );
}
