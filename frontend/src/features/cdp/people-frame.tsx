import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";

/** Who the events are about. */
export function PeopleFrame({ children }: { children: ReactNode }) {
  return (
    <Page title="People" lead="Who your events are about, and why we think so.">
      <Tabs label="People">
        <Link to="/people" activeOptions={{ exact: true, includeSearch: false }} className={TAB}>
          Profiles
        </Link>
      </Tabs>
      {children}
    </Page>
  );
}
