import { type LiveStatus } from "@/api/live";
import { useLive } from "@/api/live-context";
import { Status, type Tone } from "@/design/status";
import { useNow } from "@/design/figures";
import { ago } from "@/format/time";

const LOOKS: Readonly<Record<LiveStatus, { tone: Tone; word: string; why: string }>> = {
  live: { tone: "pass", word: "Live", why: "The page follows the server as things happen." },
  connecting: { tone: "hold", word: "Connecting", why: "The live stream is being opened." },
  stale: { tone: "hold", word: "Stale", why: "The server has gone quiet; what you see may be old." },
  offline: { tone: "block", word: "Offline", why: "The server cannot be reached; what you see may be old." },
};

export function LiveIndicator() {
  const { status, lastMessageAt } = useLive();
  const now = useNow();
  const { tone, word, why } = LOOKS[status];
  const last =
    lastMessageAt === null
      ? ""
      : ` Last message ${ago(lastMessageAt, Math.max(now, Date.parse(lastMessageAt)))}.`;
  return (
    <span role="status" title={why + last} className="px-2 text-sm text-ink-2">
      <Status tone={tone}>
        <span className="max-sm:sr-only">{word}</span>
      </Status>
    </span>
  );
}
