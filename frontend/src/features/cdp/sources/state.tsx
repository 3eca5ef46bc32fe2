import type { Source, SourceStats } from "@/api/types";
import { useNow } from "@/design/figures";
import { useDomainOffset } from "@/api/domain-clock";
import { Age } from "@/design/figures";
import { Status } from "@/design/status";

/** Heard from within that time, a source is live; after it, it is silent. */
const LIVE_MS = 15 * 60_000;

export function SourceState({ source, stats }: { source: Source; stats: SourceStats | undefined }) {
  const now = useNow() + useDomainOffset();
  if (!source.enabled) return <Status tone="hold">Switched off</Status>;
  const newest = stats?.newest_accepted_at ?? null;
  if (newest === null)
    return (stats?.rejected ?? 0) > 0 ? (
      <Status tone="block">Only refused events came</Status>
    ) : (
      <Status tone="muted">Never seen</Status>
    );
  if (now - Date.parse(newest) < LIVE_MS) return <Status tone="pass">Live</Status>;
  return (
    <Status tone="hold">
      <span>
        Silent; its last event came <Age domain at={newest} />
      </span>
    </Status>
  );
}

export const KINDS: Readonly<Record<Source["kind"], string>> = {
  browser: "Browser",
  server: "Server",
  mobile: "Mobile app",
};
