import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";

export function TrustFrame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  return (
    <Page
      title="Trust"
      lead="Automation may spend money only on evidence. This is the evidence."
      actions={actions}
    >
      <Tabs label="Trust">
        <Link to="/trust" activeOptions={{ exact: true, includeSearch: false }} className={TAB}>
          Evidence and decisions
        </Link>
        <Link to="/trust/incidents" className={TAB}>
          Incidents
        </Link>
        <Link to="/trust/policy" className={TAB}>
          Policy
        </Link>
        <Link to="/trust/calendar" className={TAB}>
          Calendar
        </Link>
        <Link to="/trust/rates" className={TAB}>
          Exchange rates
        </Link>
      </Tabs>
      {children}
    </Page>
  );
}
