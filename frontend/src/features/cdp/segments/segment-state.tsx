import type { Segment } from "@/api/types";
import { Status, type Tone } from "@/design/status";

const STATES: Readonly<Record<Segment["state"], readonly [Tone, string]>> = {
  waiting: ["hold", "Waiting to be counted"],
  computing: ["hold", "Being counted"],
  live: ["pass", "Live"],
  scheduled: ["accent", "Once a day"],
  off: ["muted", "Switched off"],
  archived: ["muted", "Archived"],
};

export function SegmentState({ segment }: { segment: Segment }) {
  const [tone, word] = STATES[segment.state];
  const daily = segment.state === "scheduled" && segment.evaluation.mode === "daily";
  return <Status tone={tone}>{daily ? `Daily at ${at(segment)}` : word}</Status>;
}

function at({ evaluation }: Segment): string {
  return evaluation.mode === "daily" ? evaluation.at : "";
}

export function kindOf({ kind }: Segment): string {
  return kind === "rule" ? "Rule" : "Uploaded list";
}
