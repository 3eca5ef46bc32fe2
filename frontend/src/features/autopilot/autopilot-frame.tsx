import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";

export function AutopilotFrame({ children }: { children: ReactNode }) {
  return (
    <Page title="Autopilot" lead="Each change: proposed, gated, written, read back, watched.">
      <Tabs label="Autopilot">
        <Link to="/autopilot" activeOptions={{ exact: true, includeSearch: false }} className={TAB}>
          Actions
        </Link>
        <Link to="/autopilot/recommendations" activeOptions={{ includeSearch: false }} className={TAB}>
          Recommendations
        </Link>
        <Link to="/autopilot/strategies" className={TAB}>
          Strategies
        </Link>
        <Link to="/autopilot/rules" activeOptions={{ includeSearch: false }} className={TAB}>
          Rules
        </Link>
        <Link to="/autopilot/limits" activeOptions={{ includeSearch: false }} className={TAB}>
          Levels and limits
        </Link>
        <Link to="/autopilot/stops" className={TAB}>
          Stops
        </Link>
        <Link to="/autopilot/interventions" className={TAB}>
          Interventions
        </Link>
      </Tabs>
      {children}
    </Page>
  );
}
