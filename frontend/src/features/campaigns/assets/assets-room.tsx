import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Asset } from "@/api/types";
import { TextField } from "@/design/field";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { CampaignsFrame } from "../campaigns-frame";
import { AssetDialog } from "./asset-dialog";
import { factsOf, platformsOf } from "./facts";
import { assetsQuery } from "./queries";
import { Thumbnail } from "./thumbnail";
import { UploadZone } from "./upload-zone";

/** The company's images, for the ads of its campaigns. */
export function AssetsRoom() {
  const mayWrite = useCan("campaigns.assets:write");
  const [search, setSearch] = useState("");
  const asked = useDeferredValue(search.trim());
  const assets = useInfiniteQuery(assetsQuery(asked));
  const [shown, setShown] = useState<string | null>(null);
  return (
    <CampaignsFrame>
      {mayWrite && (
        <Panel title="Upload">
          <UploadZone />
        </Panel>
      )}
      <Panel
        title="Images"
        aside={
          <div className="w-60">
            <TextField
              label="Find by name"
              hideLabel
              type="search"
              placeholder="Find by name"
              value={search}
              maxLength={200}
              onChange={(event) => {
                setSearch(event.target.value);
              }}
            />
          </div>
        }
      >
        <Listed
          query={assets}
          more="Earlier images"
          empty={
            asked === "" ? (
              <Empty title="No images yet.">
                Each image says which placements of which platform it fits, and what is missing for the
                others. Drafts name images for their ads.
              </Empty>
            ) : (
              <Empty title="No image has such a name." />
            )
          }
        >
          {(items) => <AssetGrid assets={items} onOpen={setShown} />}
        </Listed>
      </Panel>
      {shown !== null && (
        <AssetDialog
          assetId={shown}
          mayWrite={mayWrite}
          onClose={() => {
            setShown(null);
          }}
        />
      )}
    </CampaignsFrame>
  );
}

function AssetGrid({ assets, onOpen }: { assets: readonly Asset[]; onOpen: (id: string) => void }) {
  return (
    <ul aria-label="Images" className="grid grid-cols-2 gap-4 p-4 md:grid-cols-3 lg:grid-cols-4">
      {assets.map((asset) => (
        <li key={asset.id} className="min-w-0">
          <button
            type="button"
            onClick={() => {
              onOpen(asset.id);
            }}
            className="block w-full rounded-md text-left hover:bg-sunken"
          >
            <Thumbnail assetId={asset.id} alt="" className="h-36 w-full" />
            <span className="mt-1 block truncate font-medium">{asset.name}</span>
            <span className="block text-sm text-ink-2">{factsOf(asset)}</span>
            <span className="block text-sm">
              <Fits asset={asset} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Fits({ asset }: { asset: Asset }) {
  const platforms = platformsOf(asset).map(words);
  return platforms.length > 0 ? (
    <span className="[&>span]:whitespace-normal">
      <Status tone="pass">Fits {platforms.join(", ")}</Status>
    </span>
  ) : (
    <Status tone="hold">Fits no placement</Status>
  );
}
