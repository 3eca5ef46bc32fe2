import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";

/** What many people did, asked of all their events. */
export function AnalyticsFrame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  return (
    <Page
      title="Analytics"
      lead="How many go through to the end, where the others stop, and who comes back."
      actions={actions}
    >
      <Tabs label="Analytics">
        <Link to="/analytics/funnels" className={TAB}>
          Funnels
        </Link>
        <Link to="/analytics/retention" className={TAB}>
          Retention
        </Link>
      </Tabs>
      {children}
    </Page>
  );
}
