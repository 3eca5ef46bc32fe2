import { Link } from "@tanstack/react-router";
import type { Lifecycle } from "@/api/types";
import { Status, type Tone } from "@/design/status";
import { words } from "@/format/words";

const TONES: Readonly<Record<Lifecycle, Tone>> = {
  anonymous: "muted",
  known: "accent",
  customer: "pass",
  churned: "hold",
};

export function LifecycleStatus({ lifecycle }: { lifecycle: Lifecycle }) {
  return <Status tone={TONES[lifecycle]}>{words(lifecycle)}</Status>;
}

/** A profile's id as people read it out: its last eight characters. */
export function shortId(profileId: string): string {
  return profileId.slice(-8);
}

export function PersonLink({ profileId }: { profileId: string }) {
  return (
    <Link
      to="/people/$profileId"
      params={{ profileId }}
      title={profileId}
      className="font-mono text-accent hover:underline"
    >
      {shortId(profileId)}
    </Link>
  );
}
