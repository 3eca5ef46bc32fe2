import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { LimitChanges } from "@/api/types";
import { LINK } from "@/design/classes";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { campaignQuery } from "@/features/campaigns/queries";
import { LimitsForm } from "./limits-form";
import { enforcementQuery, overridesQuery, type Whose } from "./queries";

export function AccountLimits({ accountId }: { accountId: string }) {
  const accounts = useQuery(adAccountsQuery);
  return (
    <Loaded query={accounts} rows={6}>
      {({ items }) => {
        const account = items.find(({ id }) => id === accountId);
        return account === undefined ? (
          <Empty title="There is no such account here." />
        ) : (
          <OwnLimits
            name={account.name}
            whose={{ applies_to: "account", entity_id: accountId }}
            widerAccountId={null}
            currency={account.currency}
          />
        );
      }}
    </Loaded>
  );
}

export function CampaignLimits({ campaignId }: { campaignId: string }) {
  const campaign = useQuery(campaignQuery(campaignId));
  return (
    <Loaded query={campaign} rows={6}>
      {({ name, currency, ad_account_id }) => (
        <OwnLimits
          name={name}
          whose={{ applies_to: "campaign", entity_id: campaignId }}
          widerAccountId={ad_account_id}
          currency={currency}
        />
      )}
    </Loaded>
  );
}

interface OwnLimitsProps {
  name: string;
  whose: Whose;
  /** The account whose limits a campaign takes over; null where the company's are the wider ones. */
  widerAccountId: string | null;
  /** The account's: of the amounts where the limits name none. */
  currency: string;
}

const NOTHING: LimitChanges = {};

function OwnLimits({ name, whose, widerAccountId, currency }: OwnLimitsProps) {
  const wider = useQuery(enforcementQuery(widerAccountId));
  const overrides = useQuery(overridesQuery);
  return (
    <Panel
      title={`Of ${name}`}
      aside={
        <Link to="/autopilot/limits" className={LINK}>
          All limits
        </Link>
      }
    >
      <p className="max-w-prose px-4 pt-3 text-ink-2">
        What is left empty follows the {whose.applies_to === "campaign" ? "account" : "company"}.
      </p>
      <Loaded query={wider} rows={6}>
        {(inherited) => (
          <Loaded query={overrides} rows={6}>
            {(all) => (
              <LimitsForm
                whose={whose}
                says={all.find(({ entity_id }) => entity_id === whose.entity_id)?.says ?? NOTHING}
                inherited={inherited}
                currency={inherited.currency}
                ownCurrency={currency}
              />
            )}
          </Loaded>
        )}
      </Loaded>
    </Panel>
  );
}
