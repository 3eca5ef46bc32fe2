import { ImageUp } from "lucide-react";
import { type DragEvent, useId, useState } from "react";
import type { AssetUploaded } from "@/api/types";
import { cx } from "@/design/classes";
import { Status } from "@/design/status";
import { percent } from "@/format/numbers";
import { plural, words } from "@/format/words";
import { platformsOf } from "./facts";
import { type Upload, useUploads } from "./uploads";

/** Images are dropped or picked, many at once; each says how far it is and what became of it. */
export function UploadZone({ onDone }: { onDone?: (asset: AssetUploaded) => void }) {
  const id = useId();
  const [over, setOver] = useState(false);
  const { uploads, isBusy, take } = useUploads(onDone);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take([...event.dataTransfer.files]);
  };
  return (
    <div className="space-y-3 p-4">
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => {
          setOver(false);
        }}
        onDrop={drop}
        className={cx(
          "flex cursor-pointer flex-col items-center gap-1 rounded-lg border border-dashed px-4 py-6 text-center focus-within:outline-2 focus-within:outline-accent",
          over ? "border-accent bg-sunken" : "border-line-strong hover:bg-sunken",
        )}
      >
        <ImageUp size={20} aria-hidden className="text-ink-3" />
        <span className="font-medium">Choose images, or drop them here</span>
        <span className="text-sm text-ink-2">
          JPEG, PNG, GIF or WebP. Each is written anew, without what its file says of place, camera or person.
        </span>
        <input
          id={id}
          type="file"
          multiple
          accept="image/jpeg,image/png,image/gif,image/webp"
          className="sr-only"
          onChange={(event) => {
            const files = [...(event.target.files ?? [])];
            event.target.value = "";
            void take(files);
          }}
        />
      </label>
      <p role="status" className="sr-only">
        {isBusy ? "Uploading." : uploads.length > 0 ? said(uploads) : ""}
      </p>
      {uploads.length > 0 && (
        <ul aria-label="Uploads" className="space-y-2">
          {uploads.map((each) => (
            <UploadLine key={each.id} upload={each} />
          ))}
        </ul>
      )}
    </div>
  );
}

function said(uploads: readonly Upload[]): string {
  const refused = uploads.filter(({ refused: why }) => why !== null).length;
  const taken = plural(uploads.length - refused, "image");
  return `${taken} in the library${refused > 0 ? `, ${refused} refused` : ""}.`;
}

function UploadLine({ upload }: { upload: Upload }) {
  const { name, share, done, refused } = upload;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line pt-2">
      <span className="min-w-0 flex-1 truncate font-medium">{name}</span>
      {done !== null && <Status tone={done.fits.length > 0 ? "pass" : "hold"}>{outcome(done)}</Status>}
      {refused !== null && (
        <p role="alert" className="w-full text-block">
          {refused}
        </p>
      )}
      {done === null && refused === null && (
        <>
          <progress aria-label={`Upload of ${name}`} value={share} max={1} className="w-32 accent-accent" />
          <span className="w-32 text-right text-ink-2">{share < 1 ? percent(share) : "Reading it…"}</span>
        </>
      )}
    </li>
  );
}

function outcome(asset: AssetUploaded): string {
  const platforms = platformsOf(asset).map(words);
  const fits = platforms.length > 0 ? `fits ${platforms.join(", ")}` : "fits no placement";
  return `${asset.is_new ? "In the library" : "Was there already"}, ${fits}`;
}
