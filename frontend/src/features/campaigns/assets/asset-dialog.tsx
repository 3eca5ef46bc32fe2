import { useMutation, useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { AssetDetail, PlacementVerdict } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Fact, Facts } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { plural, words } from "@/format/words";
import { saveFile } from "@/features/cdp/files";
import { byPlatform, CHANGES, factsOf } from "./facts";
import { assetFile, assetQuery, useChangeAsset, useDeleteAsset } from "./queries";
import { Thumbnail } from "./thumbnail";

interface AssetDialogProps {
  assetId: string;
  mayWrite: boolean;
  onClose: () => void;
}

/** All that is known of an image, and what every placement says of it. */
export function AssetDialog({ assetId, mayWrite, onClose }: AssetDialogProps) {
  const asset = useQuery(assetQuery(assetId));
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={asset.data?.name ?? "Image"}
    >
      <Loaded query={asset} rows={8}>
        {(data) => <Shown asset={data} mayWrite={mayWrite} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

function Shown({ asset, mayWrite, onClose }: Omit<AssetDialogProps, "assetId"> & { asset: AssetDetail }) {
  const remove = useDeleteAsset(asset.id);
  const save = useMutation({
    mutationFn: async () => {
      saveFile(await assetFile(asset.id), asset.name);
    },
  });
  return (
    <div className="space-y-4">
      <Thumbnail assetId={asset.id} alt={asset.name} className="h-56 w-full" />
      <Facts>
        <Fact term="File">{factsOf(asset)}</Fact>
        <Fact term="Transparency">{asset.has_alpha ? "Some of it" : "None"}</Fact>
        <Fact term="Uploaded">
          {asset.created_by}, <Age at={asset.created_at} />
        </Fact>
        <Fact term="Named by">{plural(asset.drafts, "draft")}</Fact>
        {asset.changes.length > 0 && (
          <Fact term="Changed" nested>
            {asset.changes.map((each) => (
              <p key={each}>{CHANGES[each]}</p>
            ))}
          </Fact>
        )}
      </Facts>
      {byPlatform(asset).map(([platform, verdicts]) => (
        <section key={platform} aria-label={words(platform)}>
          <h3 className="font-semibold">{words(platform)}</h3>
          <ul className="mt-1 space-y-1">
            {verdicts.map((each) => (
              <VerdictLine key={each.key} verdict={each} />
            ))}
          </ul>
        </section>
      ))}
      {mayWrite && <WordsForm asset={asset} />}
      {save.isError && <ErrorNote error={save.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button
          busy={save.isPending}
          onClick={() => {
            save.mutate();
          }}
        >
          Download
        </Button>
        {mayWrite && (
          <ConfirmButton
            label="Delete"
            title={`Delete ${asset.name}?`}
            act={async () => {
              await remove.mutateAsync();
              onClose();
            }}
          >
            It cannot be brought back. While a draft names it, it stays.
          </ConfirmButton>
        )}
      </div>
    </div>
  );
}

function VerdictLine({ verdict }: { verdict: PlacementVerdict }) {
  return (
    <li>
      <Status tone={verdict.fits ? "pass" : "block"}>
        {verdict.name}: {verdict.fits ? "fits" : "does not fit"}
      </Status>
      {verdict.problems.map(({ code, message }) => (
        <p key={code} className="pl-3.5 text-ink-2">
          {message}
        </p>
      ))}
      {verdict.advice !== null && <p className="pl-3.5 text-ink-2">{verdict.advice}</p>}
    </li>
  );
}

function WordsForm({ asset }: { asset: AssetDetail }) {
  const change = useChangeAsset(asset.id);
  const [saved, setSaved] = useState(false);
  const faults = fieldsOf(change.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const tags = formText(event.currentTarget, "tags")
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "");
    change.mutate(
      { name: formText(event.currentTarget, "name"), tags },
      {
        onSuccess: () => {
          setSaved(true);
        },
      },
    );
  };
  return (
    <form
      onSubmit={submit}
      onChange={() => {
        setSaved(false);
      }}
      className="space-y-3"
    >
      <TextField
        label="Name"
        name="name"
        required
        maxLength={200}
        defaultValue={asset.name}
        error={faults["name"]}
      />
      <TextField
        label="Tags"
        name="tags"
        defaultValue={asset.tags.join(", ")}
        autoComplete="off"
        hint="Separated by commas."
        error={Object.entries(faults).find(([field]) => field.startsWith("tags"))?.[1]}
      />
      <FormError error={change.error} />
      <div className="flex items-center justify-end gap-3">
        <span role="status" className="text-ink-3">
          {saved ? "Saved." : ""}
        </span>
        <Button type="submit" busy={change.isPending}>
          Save name and tags
        </Button>
      </div>
    </form>
  );
}
