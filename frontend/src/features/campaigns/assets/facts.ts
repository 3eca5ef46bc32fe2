import type { Asset, AssetDetail, PlacementVerdict } from "@/api/types";
import { integer, number } from "@/format/numbers";

const FORMATS: Readonly<Record<Asset["format"], string>> = {
  jpeg: "JPEG",
  png: "PNG",
  gif: "GIF",
  webp: "WebP",
};
const MEBIBYTE = 1_048_576;

export const CHANGES: Readonly<Record<Asset["changes"][number], string>> = {
  colours_converted: "Its colours were converted to sRGB.",
  depth_reduced: "Its 16 bits of a colour became 8.",
  further_images_removed: "Further images in the file were left away.",
  metadata_removed: "What the file said beside its picture, such as where it was taken, was left away.",
  orientation_applied: "It was turned as it is looked at.",
  profile_not_readable: "Its colour profile could not be read and was left away.",
};

export const weight = (bytes: number): string =>
  bytes < MEBIBYTE
    ? `${integer(Math.max(1, Math.round(bytes / 1_024)))} KB`
    : `${number(bytes / MEBIBYTE)} MB`;

/** In one line: "JPEG, 1,080 × 1,350, 210 KB, animated". */
export function factsOf(asset: Asset): string {
  const { format, width, height, size_bytes: bytes, animated } = asset;
  const size = `${integer(width)} × ${integer(height)}`;
  return [FORMATS[format], size, weight(bytes), ...(animated ? ["animated"] : [])].join(", ");
}

const platformOf = (key: string) => key.split(".")[0] ?? "";

/** The platforms that have a placement for it. */
export const platformsOf = (asset: Asset): readonly string[] => [...new Set(asset.fits.map(platformOf))];

/** Whether a campaign that is made there from here can show it: such a campaign does not have every placement. */
export const fitsAt = (asset: Asset, platform: string): boolean => asset.draft_platforms.includes(platform);

/** Whether an ad that is made there from here can show it as that part of it. */
export const fitsAs = (asset: Asset, platform: string, part: "picture" | "logo"): boolean =>
  asset.draft_parts.includes(`${platform}.${part}`);

/** The verdicts of each platform, in the order in which the API tells them. */
export function byPlatform(asset: AssetDetail): readonly (readonly [string, readonly PlacementVerdict[]])[] {
  const found = new Map<string, PlacementVerdict[]>();
  for (const verdict of asset.placements)
    found.set(verdict.platform, [...(found.get(verdict.platform) ?? []), verdict]);
  return [...found];
}
