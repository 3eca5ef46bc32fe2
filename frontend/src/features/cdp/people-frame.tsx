import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCan } from "@/api/permissions";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";

/** Who the events are about. */
export function PeopleFrame({ children }: { children: ReactNode }) {
  const audiences = useCan("cdp.audience_sync:read");
  const consents = useCan("cdp.consents:read");
  const requests = useCan("cdp.privacy:read");
  const imports = useCan("cdp.imports:read");
  const exports = useCan("cdp.exports:read");
  return (
    <Page title="People" lead="Who your events are about, and why we think so.">
      <Tabs label="People">
        <Link to="/people" activeOptions={{ exact: true, includeSearch: false }} className={TAB}>
          Profiles
        </Link>
        <Link to="/people/segments" activeOptions={{ includeSearch: false }} className={TAB}>
          Segments
        </Link>
        <Link to="/people/traits" className={TAB}>
          Traits
        </Link>
        {audiences && (
          <Link to="/people/audiences" activeOptions={{ includeSearch: false }} className={TAB}>
            Audiences
          </Link>
        )}
        {consents && (
          <Link to="/people/consent" className={TAB}>
            Consent
          </Link>
        )}
        {requests && (
          <Link to="/people/requests" className={TAB}>
            Requests
          </Link>
        )}
        {imports && (
          <Link to="/people/imports" className={TAB}>
            Imports
          </Link>
        )}
        {exports && (
          <Link to="/people/exports" className={TAB}>
            Exports
          </Link>
        )}
      </Tabs>
      {children}
    </Page>
  );
}
