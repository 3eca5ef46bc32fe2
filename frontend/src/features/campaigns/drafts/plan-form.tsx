import { type SyntheticEvent, useState } from "react";
import type { AdAccount, CampaignOffer, DraftDetail } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { Panel } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { AssetField } from "../assets/asset-field";
import { AdSetList } from "./ad-set-list";
import { fieldsFrom, LEVELS, most, OBJECTIVES, planFrom, type PlanFields, STRATEGIES } from "./plan";
import { useEditDraft } from "./queries";

/** What stands in the way of each field, by its path below the draft. */
export type Faults = Readonly<Record<string, string>>;

interface PlanFormProps {
  draft: DraftDetail;
  account: AdAccount | undefined;
  offer: CampaignOffer | undefined;
  faults: Faults;
  editable: boolean;
  /** What is typed is not what is saved. */
  onUnsaved: (unsaved: boolean) => void;
}

const ASKED: ReadonlySet<string> = new Set(["submitted", "approved"]);
const ENDS_IT = "Saving makes it a draft again, which nobody has approved.";

/** The plan, with what its validation says beside each field; saving makes a new version of it. */
export function PlanForm({ draft, account, offer, faults, editable, onUnsaved }: PlanFormProps) {
  const { currency, timezone } = account ?? { currency: "USD", timezone: "UTC" };
  const midnight = offer?.whole_days === true ? ", at 00:00" : "";
  const [fields, setFields] = useState(() => fieldsFrom(draft.plan, currency));
  const [typed, setTyped] = useState<Faults>({});
  const edit = useEditDraft(draft.id);
  const isSaved = (found: PlanFields) =>
    JSON.stringify(found) === JSON.stringify(fieldsFrom(draft.plan, currency));
  const set = (change: Partial<PlanFields>) => {
    const found = { ...fields, ...change };
    setFields(found);
    onUnsaved(!isSaved(found));
  };
  const saved = isSaved(fields);
  const told = saved ? { ...faults, ...typed } : typed;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const { plan, faults: found } = planFrom(fields, currency);
    setTyped(found ?? {});
    if (plan !== null) edit.mutate({ version: draft.version, plan });
  };
  return (
    <Panel title="Plan" aside={<span className="text-ink-3">Version {draft.version}</span>}>
      <form onSubmit={submit} className="space-y-4 p-4" aria-label="Plan">
        <fieldset disabled={!editable} className="space-y-4">
          <div className="grid gap-4 md:grid-cols-2">
            <TextField
              label="Campaign name"
              value={fields.name}
              maxLength={600}
              error={told["plan.name"]}
              onChange={(event) => {
                set({ name: event.target.value });
              }}
            />
            <SelectField
              label="Objective"
              value={fields.objective}
              error={told["plan.objective"]}
              onChange={(event) => {
                set({ objective: event.target.value as PlanFields["objective"] });
              }}
            >
              <option value="">Choose one</option>
              {Object.entries(OBJECTIVES).map(([name, word]) => (
                <option key={name} value={name} disabled={offer?.objectives.includes(name) === false}>
                  {word}
                </option>
              ))}
            </SelectField>
          </div>
          <Money fields={fields} set={set} told={told} currency={currency} offer={offer} />
          <div className="grid gap-4 md:grid-cols-2">
            <TextField
              label="Starts"
              type="datetime-local"
              value={fields.startsAt}
              error={told["plan.schedule.starts_at"]}
              hint={`On the account's clock, ${timezone}${midnight}; empty begins at once.`}
              onChange={(event) => {
                set({ startsAt: event.target.value });
              }}
            />
            <TextField
              label="Ends"
              type="datetime-local"
              value={fields.endsAt}
              error={told["plan.schedule.ends_at"]}
              hint={`On the same clock${midnight}; empty has no end.`}
              onChange={(event) => {
                set({ endsAt: event.target.value });
              }}
            />
          </div>
          <Identity
            fields={fields}
            set={set}
            told={told}
            offer={offer}
            platform={draft.platform}
            editable={editable}
          />
          <AdSetList
            adSets={fields.adSets}
            own={fields.level === "ad_set"}
            currency={currency}
            offer={offer}
            brand={brandOf(fields, offer?.ads)}
            platform={draft.platform}
            editable={editable}
            told={told}
            onChange={(adSets) => {
              set({ adSets });
            }}
          />
          <AssetField
            of="the campaign"
            path="plan.assets"
            platform={draft.platform}
            chosen={fields.assets}
            told={told}
            editable={editable}
            onChange={(assets) => {
              set({ assets });
            }}
          />
        </fieldset>
        <Declaration offer={offer} />
        {edit.isError && <ErrorNote error={edit.error} />}
        {editable && (
          <div className="flex items-center justify-end gap-3">
            <span role="status" className="text-ink-3">
              {saved
                ? "All of it is saved."
                : ASKED.has(draft.status)
                  ? ENDS_IT
                  : "Changes are not saved yet."}
            </span>
            <Button type="submit" tone="primary" busy={edit.isPending} disabled={saved}>
              Save the plan
            </Button>
          </div>
        )}
      </form>
    </Panel>
  );
}

/** Whom previews of ads show: what the platform does not ask for is not shown there. */
const brandOf = ({ brand, logo }: PlanFields, ads: CampaignOffer["ads"] | undefined) => ({
  name: ads == null || ads.longest_brand === 0 ? "" : brand.trim(),
  logo: ads?.has_logo === true ? logo : null,
});

interface IdentityProps {
  fields: PlanFields;
  set: (change: Partial<PlanFields>) => void;
  told: Faults;
  offer: CampaignOffer | undefined;
  platform: string;
  editable: boolean;
}

/** As whom the ads speak; asked for once there is an ad. */
function Identity({ fields, set, told, offer, platform, editable }: IdentityProps) {
  const ads = offer?.ads;
  if (ads == null || fields.adSets.every((each) => each.ads.length === 0)) return null;
  return (
    <div className="grid gap-4 md:grid-cols-2">
      {(ads.identity !== null || fields.page !== "") && (
        <TextField
          label="Ads are shown as"
          value={fields.page}
          autoComplete="off"
          error={told["plan.identity.page"]}
          hint={ads.identity === null ? undefined : `Of ${ads.identity}.`}
          onChange={(event) => {
            set({ page: event.target.value });
          }}
        />
      )}
      {ads.longest_brand > 0 && (
        <TextField
          label="Brand"
          value={fields.brand}
          error={told["plan.identity.brand"]}
          hint={most(ads, ads.longest_brand)}
          onChange={(event) => {
            set({ brand: event.target.value });
          }}
        />
      )}
      {(ads.has_logo || fields.logo !== null) && (
        <AssetField
          of="the brand"
          path="plan.identity.logo"
          platform={platform}
          chosen={fields.logo === null ? [] : [fields.logo]}
          told={told}
          editable={editable}
          single="logo"
          onChange={([logo]) => {
            set({ logo: logo ?? null });
          }}
        />
      )}
    </div>
  );
}

/** What the platform is told in the company's name, beside the plan. */
function Declaration({ offer }: { offer: CampaignOffer | undefined }) {
  if (offer?.declaration == null) return null;
  return (
    <p role="note" className="border-l-2 border-hold px-4 py-3">
      {offer.declaration} Who approves the campaign approves this too.
    </p>
  );
}

interface MoneyProps {
  fields: PlanFields;
  set: (change: Partial<PlanFields>) => void;
  told: Faults;
  currency: string;
  offer: CampaignOffer | undefined;
}

function Money({ fields, set, told, currency, offer }: MoneyProps) {
  return (
    <div className="grid gap-4 md:grid-cols-3">
      <SelectField
        label="Budget set for"
        value={fields.level}
        error={told["plan.budget.level"]}
        onChange={(event) => {
          set({ level: event.target.value as PlanFields["level"] });
        }}
      >
        {Object.entries(LEVELS).map(([name, word]) => (
          <option key={name} value={name} disabled={offer?.budget_levels.includes(name) === false}>
            {word}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Budget by"
        value={fields.kind}
        onChange={(event) => {
          set({ kind: event.target.value as PlanFields["kind"] });
        }}
      >
        <option value="daily">The day</option>
        <option value="lifetime">All of its time</option>
      </SelectField>
      <TextField
        label={`Campaign budget, ${currency}`}
        inputMode="decimal"
        disabled={fields.level === "ad_set"}
        value={fields.level === "ad_set" ? "" : fields.budget}
        error={told["plan.budget.amount_micros"]}
        onChange={(event) => {
          set({ budget: event.target.value });
        }}
      />
      <SelectField
        label="Bids for"
        value={fields.strategy}
        error={told["plan.bid.strategy"]}
        onChange={(event) => {
          set({ strategy: event.target.value as PlanFields["strategy"] });
        }}
      >
        {Object.entries(STRATEGIES).map(([name, word]) => (
          <option key={name} value={name} disabled={offer?.bid_strategies.includes(name) === false}>
            {word}
          </option>
        ))}
      </SelectField>
      {fields.strategy !== "lowest_cost" && (
        <TextField
          label={`Cap, ${currency}`}
          inputMode="decimal"
          value={fields.bid}
          error={told["plan.bid.amount_micros"]}
          onChange={(event) => {
            set({ bid: event.target.value });
          }}
        />
      )}
    </div>
  );
}
