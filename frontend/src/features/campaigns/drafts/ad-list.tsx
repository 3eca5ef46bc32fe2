import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import type { CampaignOffer } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextArea, TextField } from "@/design/field";
import { words } from "@/format/words";
import { AssetField } from "../assets/asset-field";
import { assetQuery } from "../assets/queries";
import { Thumbnail } from "../assets/thumbnail";
import { type AdFields, BUTTONS, type CallToAction, most, NEW_AD } from "./plan";
import type { Faults } from "./plan-form";

const MOST = 10;

export interface Brand {
  readonly name: string;
  readonly logo: string | null;
}

interface AdListProps {
  /** Of what the ads are: "ad set 1". */
  of: string;
  path: string;
  ads: readonly AdFields[];
  offer: CampaignOffer["ads"];
  /** Whom its previews show beside the picture. */
  brand: Brand;
  platform: string;
  editable: boolean;
  told: Faults;
  onChange: (ads: readonly AdFields[]) => void;
}

/** The ads of an ad set; where the platform takes none from here, that is said, and what is there can be removed. */
export function AdList({ of, path, ads, offer, brand, platform, editable, told, onChange }: AdListProps) {
  const id = useId();
  const whole = told[path];
  return (
    <section aria-labelledby={id} className="space-y-3">
      <h3 id={id} className="font-medium text-ink-2">
        Ads of {of}
      </h3>
      {offer === null && (
        <p className="text-sm text-ink-3">Ads are made at {words(platform)} itself, not from here yet.</p>
      )}
      {whole !== undefined && (
        <p role="alert" className="text-sm text-block">
          {whole}
        </p>
      )}
      {ads.map((each, place) => (
        <AdForm
          key={place}
          name={`ad ${place + 1} of ${of}`}
          at={`${path}.${place}`}
          fields={each}
          offer={offer}
          brand={brand}
          platform={platform}
          editable={editable}
          told={told}
          onChange={(change) => {
            onChange(ads.map((other, at) => (at === place ? { ...other, ...change } : other)));
          }}
          onRemove={() => {
            onChange(ads.filter((_, at) => at !== place));
          }}
        />
      ))}
      {editable && offer !== null && ads.length < MOST && (
        <Button
          onClick={() => {
            onChange([...ads, NEW_AD]);
          }}
        >
          Add an ad to {of}
        </Button>
      )}
    </section>
  );
}

interface AdFormProps extends Omit<AdListProps, "of" | "path" | "ads" | "onChange"> {
  name: string;
  at: string;
  fields: AdFields;
  onChange: (change: Partial<AdFields>) => void;
  onRemove: () => void;
}

function AdForm({
  name,
  at,
  fields,
  offer,
  brand,
  platform,
  editable,
  told,
  onChange,
  onRemove,
}: AdFormProps) {
  const text = (key: "name" | "headline" | "landingUrl", label: string, path: string, hint?: string) => (
    <TextField
      label={`${label} of ${name}`}
      value={fields[key]}
      maxLength={600}
      autoComplete="off"
      type={key === "landingUrl" ? "url" : "text"}
      error={told[`${at}.${path}`]}
      hint={hint}
      onChange={(event) => {
        onChange({ [key]: event.target.value });
      }}
    />
  );
  return (
    <fieldset className="rounded-md border border-line p-3">
      <legend className="px-1 font-medium text-ink-2">{`A${name.slice(1)}`}</legend>
      <div className="grid gap-4 md:grid-cols-2">
        {text("name", "Name", "name", "Nobody else sees it.")}
        {text("headline", "Headline", "headline", most(offer, offer?.longest_headline))}
        {offer?.longest_body !== 0 && (
          <TextArea
            label={`Text of ${name}`}
            value={fields.body}
            maxLength={3000}
            error={told[`${at}.body`]}
            hint={most(offer, offer?.longest_body, offer?.one_line)}
            onChange={(event) => {
              onChange({ body: event.target.value });
            }}
          />
        )}
        <SelectField
          label={`Button of ${name}`}
          value={fields.callToAction}
          error={told[`${at}.call_to_action`]}
          onChange={(event) => {
            onChange({ callToAction: event.target.value as CallToAction | "" });
          }}
        >
          <option value="">Choose one</option>
          {Object.entries(BUTTONS).map(([key, word]) => (
            <option key={key} value={key} disabled={offer?.calls_to_action.includes(key) === false}>
              {word}
            </option>
          ))}
        </SelectField>
        {text("landingUrl", "Landing page", "landing_url", "An https address.")}
        <AssetField
          of={name}
          path={`${at}.asset`}
          platform={platform}
          chosen={fields.asset === null ? [] : [fields.asset]}
          told={told}
          editable={editable}
          single="picture"
          onChange={([asset]) => {
            onChange({ asset: asset ?? null });
          }}
        />
      </div>
      {fields.asset !== null && <Preview name={name} fields={fields} assetId={fields.asset} brand={brand} />}
      {editable && (
        <div className="mt-3 flex justify-end">
          <Button tone="quiet" onClick={onRemove}>
            Remove {name}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

interface PreviewProps {
  name: string;
  fields: AdFields;
  assetId: string;
  brand: Brand;
}

/** The picture with its words; each platform and placement lays them out in its own way. */
function Preview({ name, fields, assetId, brand }: PreviewProps) {
  const asset = useQuery(assetQuery(assetId));
  return (
    <figure aria-label={`Preview of ${name}`} className="mt-3 max-w-sm rounded-md border border-line p-3">
      {(brand.logo !== null || brand.name !== "") && (
        <p className="mb-2 flex items-center gap-2 font-medium">
          {brand.logo !== null && (
            <Thumbnail assetId={brand.logo} alt="The logo" className="size-8 rounded-full" />
          )}
          {brand.name}
        </p>
      )}
      {fields.body !== "" && <p className="mb-2 whitespace-pre-line">{fields.body}</p>}
      <Thumbnail
        assetId={assetId}
        alt={asset.data === undefined ? "The chosen image" : `Image ${asset.data.name}`}
        className="max-h-80 w-full"
      />
      <figcaption className="mt-2 flex items-center justify-between gap-3">
        <span className="min-w-0">
          <span className="block truncate text-sm text-ink-3">{hostOf(fields.landingUrl)}</span>
          <span className="block truncate font-medium">{fields.headline}</span>
        </span>
        {fields.callToAction !== "" && (
          <span className="shrink-0 rounded-md bg-sunken px-2 py-1 text-sm">
            {BUTTONS[fields.callToAction]}
          </span>
        )}
      </figcaption>
    </figure>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}
