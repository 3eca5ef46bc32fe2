import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { Override } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK } from "@/design/classes";
import { SelectField } from "@/design/field";
import { Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { campaignQuery, campaignsQuery } from "@/features/campaigns/queries";
import { words } from "@/format/words";
import { AutopilotFrame } from "../autopilot-frame";
import { Envelopes } from "../envelopes/envelopes-panel";
import { AccountLimits, CampaignLimits } from "./own-limits";
import { LimitsForm } from "./limits-form";
import { summary } from "./limit-values";
import { enforcementQuery, overridesQuery, TENANT, useTakeBack } from "./queries";

export function LimitsRoom() {
  const { account, campaign } = useSearch({ from: "/signed-in/autopilot/limits" });
  if (campaign !== undefined)
    return (
      <AutopilotFrame>
        <CampaignLimits key={campaign} campaignId={campaign} />
      </AutopilotFrame>
    );
  if (account !== undefined)
    return (
      <AutopilotFrame>
        <AccountLimits key={account} accountId={account} />
      </AutopilotFrame>
    );
  return (
    <AutopilotFrame>
      <TenantLimits />
      <Overrides />
      <Envelopes />
    </AutopilotFrame>
  );
}

function TenantLimits() {
  const limits = useQuery(enforcementQuery());
  return (
    <Panel title="The company’s">
      <Loaded query={limits} rows={6}>
        {(found) => <LimitsForm whose={TENANT} says={found} inherited={null} currency={found.currency} />}
      </Loaded>
    </Panel>
  );
}

function Overrides() {
  const overrides = useQuery(overridesQuery);
  return (
    <Panel title="Accounts and campaigns that differ" aside={<Add />}>
      <Loaded query={overrides} rows={2}>
        {(found) =>
          found.length === 0 ? (
            <p className="px-4 py-3 text-ink-2">None: the company’s levels and limits hold for all.</p>
          ) : (
            <ul>
              {found.map((each) => (
                <OverrideLine key={each.entity_id} override={each} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

/** Which account or campaign is to differ; the first campaigns by name, any other from its own page. */
function Add() {
  const mayChange = useCan("autopilot.enforcement:write");
  const accounts = useQuery(adAccountsQuery);
  const campaigns = useQuery(campaignsQuery({ sort: "name", limit: 100 }));
  const navigate = useNavigate({ from: "/autopilot/limits" });
  if (!mayChange) return null;
  return (
    <div className="w-56 py-1">
      <SelectField
        label="Set limits for"
        hideLabel
        value=""
        onChange={(event) => {
          const [kind, id] = event.target.value.split(":");
          void navigate({ search: kind === "account" ? { account: id } : { campaign: id } });
        }}
      >
        <option value="">Set limits for…</option>
        <optgroup label="Ad accounts">
          {accounts.data?.items.map(({ id, name }) => (
            <option key={id} value={`account:${id}`}>
              {name}
            </option>
          ))}
        </optgroup>
        <optgroup label="Campaigns">
          {campaigns.data?.items.map(({ id, name }) => (
            <option key={id} value={`campaign:${id}`}>
              {name}
            </option>
          ))}
        </optgroup>
      </SelectField>
    </div>
  );
}

function useName({ applies_to, entity_id }: Override): string {
  const accounts = useQuery(adAccountsQuery);
  const campaign = useQuery({ ...campaignQuery(entity_id), enabled: applies_to === "campaign" });
  const name =
    applies_to === "campaign"
      ? campaign.data?.name
      : accounts.data?.items.find(({ id }) => id === entity_id)?.name;
  return name ?? words(applies_to);
}

function OverrideLine({ override }: { override: Override }) {
  const mayChange = useCan("autopilot.enforcement:write");
  const name = useName(override);
  const limits = useQuery(enforcementQuery());
  const takeBack = useTakeBack(override);
  const search =
    override.applies_to === "account" ? { account: override.entity_id } : { campaign: override.entity_id };
  return (
    <li className="flex flex-wrap items-start justify-between gap-3 border-b border-line px-4 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64">
        <h3>
          <Link to="/autopilot/limits" search={search} className={ENTRY_LINK}>
            {name}
          </Link>{" "}
          <span className="text-ink-3">{override.applies_to}</span>
        </h3>
        <p className="text-ink-2">{summary(override.says, limits.data?.currency ?? "")}</p>
        <p className="text-sm text-ink-3">Set by {override.updated_by}</p>
        {takeBack.isError && <ErrorNote error={takeBack.error} />}
      </div>
      {mayChange && (
        <Button
          busy={takeBack.isPending}
          onClick={() => {
            takeBack.mutate(override.says);
          }}
        >
          As the company
        </Button>
      )}
    </li>
  );
}
