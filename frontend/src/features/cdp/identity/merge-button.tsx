import { useInfiniteQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Profile, ProfileDetail } from "@/api/types";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { Listed } from "@/design/listed";
import { plural } from "@/format/words";
import { LifecycleStatus, shortId } from "../profiles/person";
import { profilesQuery } from "../profiles/queries";
import { ChangeDialog } from "./change-dialog";
import { useMerge } from "./queries";

export function MergeButton({ profile }: { profile: ProfileDetail }) {
  const mayMerge = useCan("cdp.identity:write");
  const [open, setOpen] = useState(false);
  const [other, setOther] = useState<Profile | null>(null);
  const merge = useMerge();
  if (!mayMerge) return null;
  return (
    <>
      <Button
        onClick={() => {
          merge.reset();
          setOther(null);
          setOpen(true);
        }}
      >
        Merge with…
      </Button>
      <ChangeDialog
        open={open}
        onOpenChange={setOpen}
        title="Make two profiles one person?"
        consequences={consequences(profile, other)}
        confirm="Merge them"
        ready={other !== null}
        busy={merge.isPending}
        error={merge.error}
        done={merge.data?.profile_ids}
        onConfirm={(reason) => {
          if (other !== null) merge.mutate({ profileId: profile.id, otherId: other.id, reason });
        }}
      >
        <OtherPerson profile={profile} other={other} onFound={setOther} />
      </ChangeDialog>
    </>
  );
}

function consequences(profile: Profile, other: Profile | null): string[] {
  const events =
    other === null ? [] : [`Together: ${plural(profile.event_count + other.event_count, "event")}.`];
  return [
    ...events,
    "Traits, counters and segments are worked out anew; one id stays, and links to the other lead to it.",
    "It can be undone, under “Why they are linked”.",
  ];
}

interface OtherPersonProps {
  profile: Profile;
  other: Profile | null;
  onFound: (other: Profile | null) => void;
}

function OtherPerson({ profile, other, onFound }: OtherPersonProps) {
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState<string>();
  const look = () => {
    onFound(null);
    setAsked(typed.trim() === "" ? undefined : typed.trim());
  };
  const onEnter = (event: SyntheticEvent<HTMLInputElement, KeyboardEvent>) => {
    if (event.nativeEvent.key !== "Enter") return;
    event.preventDefault();
    look();
  };
  return (
    <div className="space-y-2">
      <div className="flex items-end gap-2">
        <div className="min-w-0 grow">
          <TextField
            label="The other person’s identifier"
            autoComplete="off"
            placeholder="E-mail, phone, user id, device…"
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
            }}
            onKeyDown={onEnter}
          />
        </div>
        <Button onClick={look}>Find</Button>
      </div>
      {asked !== undefined && (
        <Found asked={asked} besides={profile.id} chosen={other?.id} onChoose={onFound} />
      )}
    </div>
  );
}

interface FoundProps {
  asked: string;
  besides: string;
  chosen: string | undefined;
  onChoose: (other: Profile) => void;
}

function Found({ asked, besides, chosen, onChoose }: FoundProps) {
  const profiles = useInfiniteQuery(profilesQuery({ identifier: asked }));
  const empty = <p className="text-ink-2">Nobody has this identifier.</p>;
  return (
    <Listed query={profiles} rows={1} more="More" empty={empty}>
      {(items) => (
        <fieldset className="space-y-1">
          <legend className="sr-only">Found</legend>
          {items.map((each) => (
            <label key={each.id} className="flex flex-wrap items-center gap-x-3">
              <input
                type="radio"
                name="other"
                className="accent-accent"
                disabled={each.id === besides}
                checked={each.id === chosen}
                onChange={() => {
                  onChoose(each);
                }}
              />
              <span className="font-mono">{shortId(each.id)}</span>
              <LifecycleStatus lifecycle={each.lifecycle} />
              <span className="text-ink-3">
                {each.id === besides ? "this person" : plural(each.event_count, "event")}
              </span>
            </label>
          ))}
        </fieldset>
      )}
    </Listed>
  );
}
