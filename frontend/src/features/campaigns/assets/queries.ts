import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { AssetPatch, AssetUploaded } from "@/api/types";
import { uploadFile } from "@/api/upload";

const ADDRESS = "campaigns/assets";
const PAGE = 24;

const at = (assetId: string) => ({ params: { path: { asset_id: assetId } } });

export const assetsQuery = (search: string) =>
  byCursor([ADDRESS, "list", search], (cursor) =>
    body(
      api.GET("/api/v1/campaigns/assets", {
        params: { query: { cursor, limit: PAGE, ...(search === "" ? {} : { q: search }) } },
      }),
    ),
  );

export const assetQuery = (assetId: string) =>
  queryOptions({
    queryKey: [ADDRESS, "one", assetId],
    queryFn: () => body(api.GET("/api/v1/campaigns/assets/{asset_id}", at(assetId))),
    retry: false,
  });

/** As an address that an `img` takes: the API wants a token with each request, which an `img` does not send. */
export const thumbnailQuery = (assetId: string) =>
  queryOptions({
    queryKey: [ADDRESS, "thumbnail", assetId],
    queryFn: async () =>
      dataAddress(
        await body(
          api.GET("/api/v1/campaigns/assets/{asset_id}/thumbnail", {
            ...at(assetId),
            parseAs: "arrayBuffer",
          }),
        ),
      ),
    staleTime: Infinity,
    retry: false,
  });

function dataAddress(content: ArrayBuffer): string {
  let text = "";
  for (const each of new Uint8Array(content)) text += String.fromCharCode(each);
  return `data:image/webp;base64,${btoa(text)}`;
}

export async function assetFile(assetId: string): Promise<Blob> {
  const found: unknown = await body(
    api.GET("/api/v1/campaigns/assets/{asset_id}/file", { ...at(assetId), parseAs: "blob" }),
  );
  return found instanceof Blob ? found : new Blob();
}

const LONGEST_NAME = 200;

export const uploadAsset = (file: File, onProgress: (share: number) => void): Promise<AssetUploaded> =>
  uploadFile(
    `/api/v1/campaigns/assets?name=${encodeURIComponent(file.name.slice(-LONGEST_NAME))}`,
    file,
    onProgress,
  );

/** The lists are read anew; thumbnails stay, since an image never changes. */
export function useAssetsChanged() {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: [ADDRESS, "list"] }),
      client.invalidateQueries({ queryKey: [ADDRESS, "one"] }),
    ]);
}

export function useChangeAsset(assetId: string) {
  return useMutation({
    mutationFn: (wish: AssetPatch) =>
      body(api.PATCH("/api/v1/campaigns/assets/{asset_id}", { ...at(assetId), body: wish })),
    onSettled: useAssetsChanged(),
  });
}

export function useDeleteAsset(assetId: string) {
  return useMutation({
    mutationFn: () => body(api.DELETE("/api/v1/campaigns/assets/{asset_id}", at(assetId))),
    onSettled: useAssetsChanged(),
  });
}
