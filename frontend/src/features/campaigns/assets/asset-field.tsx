import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useId, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Asset } from "@/api/types";
import { Button, IconButton } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { Listed } from "@/design/listed";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { factsOf, fitsAs, fitsAt } from "./facts";
import { assetQuery, assetsQuery } from "./queries";
import { Thumbnail } from "./thumbnail";
import { UploadZone } from "./upload-zone";

const MOST = 20;

interface AssetFieldProps {
  /** Of what the images are: "the campaign", "ad set 1". */
  of: string;
  /** Its path below the draft, by which faults are told. */
  path: string;
  platform: string;
  chosen: readonly string[];
  told: Readonly<Record<string, string>>;
  editable: boolean;
  /** Of one image what it is in the ads that are made with it; without a word several, for a person who makes ads. */
  single?: "picture" | "logo";
  onChange: (chosen: readonly string[]) => void;
}

/** The images that a part of a plan names, and the library to choose them from. */
export function AssetField({
  of,
  path,
  platform,
  chosen,
  told,
  editable,
  single,
  onChange,
}: AssetFieldProps) {
  const id = useId();
  const word = single === undefined ? "images" : single === "logo" ? "the logo" : "the image";
  const title = TITLES[single ?? "several"] + of;
  const missing = chosen.length === 0 ? told[path] : undefined;
  const use = single
    ? "It is uploaded with the ads when the plan is published."
    : `For the ads that a person makes at ${words(platform)}: no image is sent there from here.`;
  const [open, setOpen] = useState(false);
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="mb-1 font-medium text-ink-2">
        {title}
      </h3>
      {chosen.length > 0 && (
        <ul aria-labelledby={id} className="mb-2 grid gap-2 md:grid-cols-2">
          {chosen.map((assetId, place) => (
            <Chosen
              key={assetId}
              assetId={assetId}
              fault={told[single ? path : `${path}.${place}`]}
              onRemove={
                editable
                  ? () => {
                      onChange(chosen.filter((each) => each !== assetId));
                    }
                  : null
              }
            />
          ))}
        </ul>
      )}
      <Note use={chosen.length > 0 && !single ? use : undefined} missing={missing} />
      {editable && (
        <Button
          aria-label={`Choose ${word} of ${of}`}
          onClick={() => {
            setOpen(true);
          }}
        >
          Choose {word}
        </Button>
      )}
      <Dialog open={open} onOpenChange={setOpen} title={title} description={use}>
        <Picker platform={platform} part={single} chosen={chosen} onChange={onChange} />
        <div className="mt-4 flex justify-end">
          <Button
            tone="primary"
            onClick={() => {
              setOpen(false);
            }}
          >
            Done
          </Button>
        </div>
      </Dialog>
    </section>
  );
}

const TITLES = { picture: "Image of ", logo: "Logo of ", several: "Images of " } as const;

function Note({ use, missing }: { use: string | undefined; missing: string | undefined }) {
  if (missing !== undefined) {
    return (
      <p role="alert" className="mb-2 text-sm text-block">
        {missing}
      </p>
    );
  }
  return use === undefined ? null : <p className="mb-2 text-sm text-ink-3">{use}</p>;
}

interface ChosenProps {
  assetId: string;
  fault: string | undefined;
  onRemove: (() => void) | null;
}

function Chosen({ assetId, fault, onRemove }: ChosenProps) {
  const asset = useQuery(assetQuery(assetId));
  const name = asset.data?.name ?? (asset.isError ? "An image that is not there any more" : "Image");
  return (
    <li className="flex min-w-0 items-start gap-2 rounded-md border border-line p-2">
      <Thumbnail assetId={assetId} alt="" className="size-14 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{name}</p>
        {asset.data !== undefined && <p className="text-sm text-ink-2">{factsOf(asset.data)}</p>}
        {fault !== undefined && (
          <p role="alert" className="text-sm text-block">
            {fault}
          </p>
        )}
      </div>
      {onRemove !== null && (
        <IconButton label={`Leave out ${name}`} onClick={onRemove}>
          <X size={16} aria-hidden />
        </IconButton>
      )}
    </li>
  );
}

interface PickerProps {
  platform: string;
  /** Of one image: another choice takes its place. */
  part: AssetFieldProps["single"];
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}

function Picker({ platform, part, chosen, onChange }: PickerProps) {
  const mayUpload = useCan("campaigns.assets:write");
  const assets = useInfiniteQuery(assetsQuery(""));
  const isFull = part === undefined && chosen.length >= MOST;
  const kept = part === undefined ? chosen : [];
  return (
    <div className="space-y-2">
      {mayUpload && <UploadZone />}
      <Listed
        query={assets}
        more="Earlier images"
        empty={<Empty title="No images yet.">Upload one: it is kept in the library of the company.</Empty>}
      >
        {(items) => (
          <ul aria-label="Library" className="space-y-1">
            {items.map((asset) => (
              <Choice
                key={asset.id}
                asset={asset}
                platform={platform}
                part={part}
                checked={chosen.includes(asset.id)}
                disabled={isFull && !chosen.includes(asset.id)}
                onChange={(checked) => {
                  onChange(checked ? [...kept, asset.id] : chosen.filter((each) => each !== asset.id));
                }}
              />
            ))}
          </ul>
        )}
      </Listed>
    </div>
  );
}

interface ChoiceProps {
  asset: Asset;
  platform: string;
  part: AssetFieldProps["single"];
  checked: boolean;
  disabled: boolean;
  onChange: (checked: boolean) => void;
}

function Choice({ asset, platform, part, checked, disabled, onChange }: ChoiceProps) {
  const id = useId();
  const fits = part === undefined ? fitsAt(asset, platform) : fitsAs(asset, platform, part);
  return (
    <li>
      <label className="flex cursor-pointer items-center gap-3 rounded-md p-2 hover:bg-sunken">
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-label={asset.name}
          aria-describedby={id}
          className="size-4 accent-accent"
          onChange={(event) => {
            onChange(event.target.checked);
          }}
        />
        <Thumbnail assetId={asset.id} alt="" className="size-14 shrink-0" />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{asset.name}</span>
          <span id={id} className="block text-sm text-ink-2">
            <span className="block">{factsOf(asset)}</span>{" "}
            <Status tone={fits ? "pass" : "block"}>
              {fits ? `fits ${words(platform)}` : `fits no placement of ${words(platform)}`}
            </Status>
          </span>
        </span>
      </label>
    </li>
  );
}
