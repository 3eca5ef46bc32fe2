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

interface CampaignTableProps {
  campaigns: readonly Campaign[];
  sort: string | undefined;
  /** The ids of those that something is to be done with. */
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
  /** Whether the person may do anything with many at once. */
  choosable: boolean;
}

export function CampaignTable({ campaigns, sort, chosen, onChoose, choosable }: CampaignTableProps) {
  const all = campaigns.every(({ id }) => chosen.has(id));
  const choose = (ids: readonly string[], on: boolean) => {
    const rest = [...chosen].filter((id) => !ids.includes(id));
    onChoose(new Set(on ? [...rest, ...ids] : rest));
  };
  return (
    <Table label="Campaigns">
      <thead>
        <tr>
          {choosable && (
            <Th className="w-8">
              <Choice
                label="Choose all on this page"
                checked={all}
                onChange={(on) => {
                  choose(
                    campaigns.map(({ id }) => id),
                    on,
                  );
                }}
              />
            </Th>
          )}
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
          <CampaignRow
            key={campaign.id}
            campaign={campaign}
            chosen={chosen.has(campaign.id)}
            onChoose={
              choosable
                ? (on) => {
                    choose([campaign.id], on);
                  }
                : null
            }
          />
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

function Choice({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <input
      type="checkbox"
      className="size-4 accent-accent"
      aria-label={label}
      checked={checked}
      onChange={(event) => {
        onChange(event.target.checked);
      }}
    />
  );
}

interface CampaignRowProps {
  campaign: Campaign;
  chosen: boolean;
  /** Null where nothing can be done with it. */
  onChoose: ((on: boolean) => void) | null;
}

function CampaignRow({ campaign, chosen, onChoose }: CampaignRowProps) {
  return (
    <Tr className="hover:bg-sunken">
      {onChoose !== null && (
        <Td>
          <Choice label={`Choose ${campaign.name}`} checked={chosen} onChange={onChoose} />
        </Td>
      )}
      <Td className="min-w-48">
        <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }} className={ENTRY_LINK}>
          {campaign.name}
        </Link>
        <div className="text-sm text-ink-3">
          {words(campaign.platform)}
          {campaign.learning === true && " · learning"}
          {campaign.labels.map(({ id, name }) => (
            <span key={id}> · {name}</span>
          ))}
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
