import { useQuery } from "@tanstack/react-query";
import { ImageOff } from "lucide-react";
import { cx } from "@/design/classes";
import { thumbnailQuery } from "./queries";

interface ThumbnailProps {
  assetId: string;
  /** What it shows, to who does not see it; empty where its name stands beside it. */
  alt: string;
  className?: string;
}

/** On a chequered ground, so that what is transparent shows as such. */
export function Thumbnail({ assetId, alt, className }: ThumbnailProps) {
  const { data, isError } = useQuery(thumbnailQuery(assetId));
  return (
    <span
      className={cx(
        "flex items-center justify-center overflow-hidden rounded-md border border-line bg-sunken",
        className,
      )}
    >
      {typeof data === "string" ? (
        <img src={data} alt={alt} className="max-h-full max-w-full object-contain" />
      ) : (
        isError && <ImageOff size={20} aria-label="The image cannot be shown" className="text-ink-3" />
      )}
    </span>
  );
}
