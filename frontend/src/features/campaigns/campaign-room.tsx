import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Campaign } from "@/api/types";
import { Button } from "@/design/button";
import { Age, Money } from "@/design/figures";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { DeliveryStatus } from "@/design/status";
import { words } from "@/format/words";
import { Ads } from "./ads/ads";
import { BudgetButton } from "./budget-button";
import { Metrics } from "./metrics/metrics";
import { PauseButton } from "./pause-button";
import { campaignQuery } from "./queries";

export function CampaignRoom() {
  const { campaignId } = useParams({ from: "/signed-in/campaigns/$campaignId" });
  const campaign = useQuery(campaignQuery(campaignId));
  return (
    <Loaded query={campaign} rows={10}>
      {(data) => <CampaignPage campaign={data} />}
    </Loaded>
  );
}

function CampaignPage({ campaign }: { campaign: Campaign }) {
  return (
    <Page
      title={campaign.name}
      lead={<DeliveryStatus status={campaign.effective_status} />}
      actions={
        <>
          <Button asChild>
            <Link to="/autopilot/limits" search={{ campaign: campaign.id }}>
              Limits
            </Link>
          </Button>
          <BudgetButton campaign={campaign} />
          <PauseButton campaign={campaign} />
        </>
      }
    >
      <Panel title="On the platform">
        <Facts className="p-4 md:grid-cols-[max-content_minmax(0,1fr)_max-content_minmax(0,1fr)]">
          <Fact term="Budget a day">
            <Money
              micros={campaign.daily_budget_micros}
              currency={campaign.currency}
              why="it has no daily budget of its own"
            />
          </Fact>
          <Fact term="Lifetime budget">
            <Money micros={campaign.lifetime_budget_micros} currency={campaign.currency} why="it has none" />
          </Fact>
          <Fact term="Budget held by">{words(campaign.budget_level)}</Fact>
          <Fact term="Learning">
            {campaign.learning === null ? "not reported" : campaign.learning ? "yes" : "no"}
          </Fact>
          <Fact term="Platform">
            {words(campaign.platform)} <span className="font-mono text-sm">{campaign.external_id}</span>
          </Fact>
          <Fact term="Read">
            <Age domain at={campaign.synced_at} />
          </Fact>
        </Facts>
      </Panel>
      <Ads campaignId={campaign.id} />
      <Metrics campaignId={campaign.id} />
    </Page>
  );
}
