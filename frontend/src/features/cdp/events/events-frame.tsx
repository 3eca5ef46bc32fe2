import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCan } from "@/api/permissions";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";
import { AsideHint } from "./aside-hint";

/** What comes in, and where from. */
export function EventsFrame({ children }: { children: ReactNode }) {
  const sources = useCan("cdp.sources:read");
  return (
    <Page
      title="Events"
      lead="What your sources sent, as it was stored, and what was refused, with the reason."
    >
      <Tabs label="Events">
        <Link to="/events" activeOptions={{ exact: true, includeSearch: false }} className={TAB}>
          Events
        </Link>
        {sources && (
          <Link to="/events/sources" className={TAB}>
            Sources
          </Link>
        )}
      </Tabs>
      <AsideHint />
      {children}
    </Page>
  );
}
