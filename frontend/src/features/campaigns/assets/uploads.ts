import { useState } from "react";
import { ApiError } from "@/api/errors";
import type { AssetUploaded } from "@/api/types";
import { uploadAsset, useAssetsChanged } from "./queries";

export interface Upload {
  readonly id: number;
  readonly name: string;
  /** From 0 to 1; at 1 the server reads the image. */
  readonly share: number;
  readonly done: AssetUploaded | null;
  readonly refused: string | null;
}

let last = 0;

/** Uploads one after the other: the server reads few images at once, and each has its bar. */
export function useUploads(onDone?: (asset: AssetUploaded) => void) {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const changed = useAssetsChanged();
  const note = (id: number, change: Partial<Upload>) => {
    setUploads((all) => all.map((each) => (each.id === id ? { ...each, ...change } : each)));
  };
  const take = async (files: readonly File[]) => {
    const begun = files.map((file) => ({ id: (last += 1), file }));
    setUploads((all) => [
      ...begun.map(({ id, file }) => ({ id, name: file.name, share: 0, done: null, refused: null })),
      ...all.filter(({ done }) => done === null),
    ]);
    for (const { id, file } of begun) {
      try {
        const done = await uploadAsset(file, (share) => {
          note(id, { share });
        });
        note(id, { done, share: 1 });
        onDone?.(done);
      } catch (error) {
        note(id, { refused: error instanceof ApiError ? error.message : "Something went wrong here." });
      }
    }
    await changed();
  };
  const isBusy = uploads.some(({ done, refused }) => done === null && refused === null);
  return { uploads, isBusy, take };
}
