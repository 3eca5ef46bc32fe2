import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCan } from "@/api/permissions";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";

export function SettingsFrame({ children }: { children: ReactNode }) {
  const keys = useCan("api_keys:read");
  const webhooks = useCan("cdp.webhooks:read");
  const channels = useCan("notifications.channels:read");
  const audit = useCan("audit_logs:read");
  return (
    <Page title="Settings">
      <Tabs label="Settings">
        <Link to="/settings" activeOptions={{ exact: true }} className={TAB}>
          You
        </Link>
        <Link to="/settings/notifications" className={TAB}>
          Notifications
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
        {webhooks && (
          <Link to="/settings/webhooks" className={TAB}>
            Webhooks
          </Link>
        )}
        {channels && (
          <Link to="/settings/channels" className={TAB}>
            Channels
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
      </Tabs>
      {children}
    </Page>
  );
}
