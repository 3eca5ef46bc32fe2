import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCan } from "@/api/permissions";
import { Page } from "@/design/panel";
import { TAB, Tabs } from "@/design/tabs";

/** What runs at the platforms, and what is to. */
export function CampaignsFrame({ children }: { children: ReactNode }) {
  const drafts = useCan("campaigns.drafts:read");
  const assets = useCan("campaigns.assets:read");
  const labels = useCan("campaigns.labels:read");
  return (
    <Page title="Campaigns" lead="As last read from the platforms, and those in the making.">
      <Tabs label="Campaigns">
        <Link to="/campaigns" activeOptions={{ exact: true, includeSearch: false }} className={TAB}>
          Campaigns
        </Link>
        {drafts && (
          <Link to="/campaigns/drafts" className={TAB}>
            Drafts
          </Link>
        )}
        {assets && (
          <Link to="/campaigns/images" className={TAB}>
            Images
          </Link>
        )}
        {labels && (
          <Link to="/campaigns/labels" className={TAB}>
            Labels
          </Link>
        )}
      </Tabs>
      {children}
    </Page>
  );
}
