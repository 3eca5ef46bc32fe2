import { Link, Navigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useCan } from "@/api/permissions";
import { meQuery } from "@/api/queries";
import { Page } from "@/design/panel";
import { Skeleton } from "@/design/states";
import { TAB, Tabs } from "@/design/tabs";

/** What goes out, and what did not arrive. */
export function OperationsFrame({ children }: { children: ReactNode }) {
  const calls = useCan("integrations.calls:read");
  const letters = useCan("work.dead_letters:read");
  return (
    <Page title="Operations" lead="What goes out to the platforms, and what did not arrive.">
      <Tabs label="Operations">
        {calls && (
          <Link to="/operations/calls" className={TAB}>
            Platform calls
          </Link>
        )}
        <Link to="/operations/health" className={TAB}>
          Connector health
        </Link>
        <Link to="/operations/conversions" className={TAB}>
          Conversions
        </Link>
        {letters && (
          <Link to="/operations/dead-letters" className={TAB}>
            Dead letters
          </Link>
        )}
      </Tabs>
      {children}
    </Page>
  );
}

/** The first of the rooms that the person's role may see. */
export function OperationsRoom() {
  const me = useQuery(meQuery);
  if (me.data === undefined) return <Skeleton rows={6} />;
  const calls = me.data.permissions.includes("integrations.calls:read");
  return <Navigate to={calls ? "/operations/calls" : "/operations/conversions"} replace />;
}
