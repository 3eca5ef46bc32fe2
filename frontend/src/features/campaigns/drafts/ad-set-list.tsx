import type { CampaignOffer } from "@/api/types";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { AssetField } from "../assets/asset-field";
import { AdList, type Brand } from "./ad-list";
import { type AdSetFields, NEW_AD_SET } from "./plan";
import type { Faults } from "./plan-form";

const MOST = 20;

interface AdSetListProps {
  adSets: readonly AdSetFields[];
  /** Each has a budget of its own. */
  own: boolean;
  currency: string;
  /** What the platform takes of it. */
  offer: CampaignOffer | undefined;
  /** Whom previews of ads show. */
  brand: Brand;
  platform: string;
  editable: boolean;
  told: Faults;
  onChange: (adSets: readonly AdSetFields[]) => void;
}

/** Whom the campaign reaches, part by part. */
export function AdSetList({ adSets, told, onChange, ...shared }: AdSetListProps) {
  const missing = told["plan.ad_sets"];
  return (
    <div className="space-y-3">
      {adSets.map((each, place) => (
        <AdSet
          key={place}
          place={place}
          fields={each}
          told={told}
          {...shared}
          onChange={(change) => {
            onChange(adSets.map((other, at) => (at === place ? { ...other, ...change } : other)));
          }}
          onRemove={() => {
            onChange(adSets.filter((_, at) => at !== place));
          }}
        />
      ))}
      {missing !== undefined && (
        <p role="alert" className="text-sm text-block">
          {missing}
        </p>
      )}
      {adSets.length < MOST && (
        <Button
          onClick={() => {
            onChange([...adSets, NEW_AD_SET]);
          }}
        >
          Add an ad set
        </Button>
      )}
    </div>
  );
}

interface AdSetProps extends Omit<AdSetListProps, "adSets" | "onChange"> {
  place: number;
  fields: AdSetFields;
  onChange: (change: Partial<AdSetFields>) => void;
  onRemove: () => void;
}

function AdSet({
  place,
  fields,
  own,
  currency,
  offer,
  brand,
  platform,
  editable,
  told,
  onChange,
  onRemove,
}: AdSetProps) {
  const at = `plan.ad_sets.${place}`;
  const of = `ad set ${place + 1}`;
  return (
    <fieldset className="rounded-md border border-line p-3">
      <legend className="px-1 font-medium text-ink-2">Ad set {place + 1}</legend>
      <div className="grid gap-4 md:grid-cols-2">
        <TextField
          label={`Name of ${of}`}
          value={fields.name}
          maxLength={600}
          error={told[`${at}.name`]}
          onChange={(event) => {
            onChange({ name: event.target.value });
          }}
        />
        <TextField
          label={`Countries of ${of}`}
          value={fields.countries}
          placeholder="US, HU"
          autoComplete="off"
          error={told[`${at}.countries`]}
          hint="Two letters each."
          onChange={(event) => {
            onChange({ countries: event.target.value });
          }}
        />
        {(offer?.takes_ages ?? true) && (
          <>
            <TextField
              label={`Youngest of ${of}`}
              inputMode="numeric"
              value={fields.ageMin}
              error={told[`${at}.age_min`]}
              hint="Empty leaves it to the platform."
              onChange={(event) => {
                onChange({ ageMin: event.target.value });
              }}
            />
            <TextField
              label={`Oldest of ${of}`}
              inputMode="numeric"
              value={fields.ageMax}
              error={told[`${at}.age_max`]}
              hint="65 is 65 and more."
              onChange={(event) => {
                onChange({ ageMax: event.target.value });
              }}
            />
          </>
        )}
        {own && (
          <TextField
            label={`Budget of ${of}, ${currency}`}
            inputMode="decimal"
            value={fields.budget}
            error={told[`${at}.budget_micros`]}
            onChange={(event) => {
              onChange({ budget: event.target.value });
            }}
          />
        )}
      </div>
      <div className="mt-3">
        <AdList
          of={of}
          path={`${at}.ads`}
          ads={fields.ads}
          offer={offer?.ads ?? null}
          brand={brand}
          platform={platform}
          editable={editable}
          told={told}
          onChange={(found) => {
            onChange({ ads: found });
          }}
        />
      </div>
      <div className="mt-3">
        <AssetField
          of={of}
          path={`${at}.assets`}
          platform={platform}
          chosen={fields.assets}
          told={told}
          editable={editable}
          onChange={(assets) => {
            onChange({ assets });
          }}
        />
      </div>
      <div className="mt-3 flex justify-end">
        <Button tone="quiet" onClick={onRemove}>
          Remove {of}
        </Button>
      </div>
    </fieldset>
  );
}
