import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowDown, ArrowUp } from "lucide-react";
import type { Campaign } from "@/api/types";
import { ENTRY_LINK } from "@/design/classes";
import { Age, Money, Unknown } from "@/design/figures";
import { DeliveryStatus } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { healthQuery } from "@/features/trust_engine/health/queries";
import { integer, number, ratio } from "@/format/numbers";
import { words } from "@/format/words";

const NO_METRICS = "no metrics have been read for it";

export function CampaignTable({
  campaigns,
  sort,
}: {
  campaigns: readonly Campaign[];
  sort: string | undefined;
}) {
  return (
    <Table label="Campaigns">
      <thead>
        <tr>
          <SortTh by="name" sort={sort} label="Name" />
          <Th>Status</Th>
          <SortTh by="daily_budget_micros" sort={sort} label="Budget a day" figure />
          <SortTh by="spend_micros" sort={sort} label="Spend, 7 d" figure />
          <SortTh by="conversions" sort={sort} label="Conversions, 7 d" figure />
          <SortTh by="roas" sort={sort} label="ROAS, 7 d" figure />
          <Th figure>Health</Th>
          <Th figure>Read</Th>
        </tr>
      </thead>
      <tbody>
        {campaigns.map((campaign) => (
          <CampaignRow key={campaign.id} campaign={campaign} />
        ))}
      </tbody>
    </Table>
  );
}

function SortTh({
  by,
  sort,
  label,
  figure = false,
}: {
  by: string;
  sort: string | undefined;
  label: string;
  figure?: boolean;
}) {
  const ascending = sort === by;
  const descending = sort === `-${by}`;
  return (
    <Th figure={figure} aria-sort={ascending ? "ascending" : descending ? "descending" : "none"}>
      <Link
        from="/campaigns"
        to="."
        search={(was) => ({ ...was, sort: descending ? by : `-${by}`, page: undefined })}
        className="inline-flex items-center gap-1 hover:text-ink"
      >
        {label}
        {ascending && <ArrowUp size={12} aria-hidden />}
        {descending && <ArrowDown size={12} aria-hidden />}
      </Link>
    </Th>
  );
}

function CampaignRow({ campaign }: { campaign: Campaign }) {
  return (
    <Tr className="hover:bg-sunken">
      <Td className="min-w-48">
        <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }} className={ENTRY_LINK}>
          {campaign.name}
        </Link>
        <div className="text-sm text-ink-3">
          {words(campaign.platform)}
          {campaign.learning === true && " · learning"}
        </div>
      </Td>
      <Td>
        <DeliveryStatus status={campaign.effective_status} />
      </Td>
      <Td figure>
        <Budget campaign={campaign} />
      </Td>
      <Td figure>
        <Money micros={campaign.spend_micros} currency={campaign.currency} why={NO_METRICS} />
      </Td>
      <Td figure>
        {campaign.conversions === null ? <Unknown why={NO_METRICS} /> : number(campaign.conversions)}
      </Td>
      <Td figure>{campaign.roas === null ? <Unknown why={NO_METRICS} /> : ratio(campaign.roas)}</Td>
      <Td figure>
        <AccountScore adAccountId={campaign.ad_account_id} />
      </Td>
      <Td figure className="text-ink-3">
        <Age domain at={campaign.synced_at} />
      </Td>
    </Tr>
  );
}

/** The score of the evidence that decisions on this campaign rest on: its account's. */
function AccountScore({ adAccountId }: { adAccountId: string }) {
  const health = useQuery(healthQuery);
  const score =
    health.data?.accounts.find(({ ad_account_id }) => ad_account_id === adAccountId)?.score ?? null;
  return score === null ? <Unknown why="its account has no live score" /> : integer(score);
}

function Budget({ campaign }: { campaign: Campaign }) {
  if (campaign.lifetime_budget_micros !== null && campaign.daily_budget_micros === null)
    return (
      <>
        <Money micros={campaign.lifetime_budget_micros} currency={campaign.currency} />{" "}
        <span className="text-ink-3">lifetime</span>
      </>
    );
  return (
    <Money
      micros={campaign.daily_budget_micros}
      currency={campaign.currency}
      why={
        campaign.budget_level === "campaign"
          ? "the platform reports no budget"
          : "its budget is held by its ad sets"
      }
    />
  );
}
