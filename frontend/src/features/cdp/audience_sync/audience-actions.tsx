import { useCan } from "@/api/permissions";
import type { Audience } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { SelectField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import {
  useApproveRemoval,
  useChangeAudience,
  useEndAudience,
  useOffer,
  useReplaceAudience,
  useSyncAudience,
} from "./queries";
import { INTERVALS } from "./words";

export function AudienceActions({ audience }: { audience: Audience }) {
  const mayWrite = useCan("cdp.audience_sync:write");
  const sync = useSyncAudience(audience.id);
  const replace = useReplaceAudience(audience.id);
  const change = useChangeAudience(audience.id);
  const end = useEndAudience(audience.id);
  const offer = useOffer(audience.platform);
  if (!mayWrite || audience.ending) return null;
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap gap-2">
        <Button
          busy={sync.isPending}
          onClick={() => {
            sync.mutate(undefined);
          }}
        >
          Bring in step now
        </Button>
        {audience.enabled && (
          <Button
            busy={change.isPending}
            onClick={() => {
              change.mutate({ enabled: false });
            }}
          >
            Switch off
          </Button>
        )}
        <ConfirmButton
          label="Send everybody anew"
          title={`Send everybody of “${audience.name}” anew?`}
          act={() => replace.mutateAsync(undefined)}
        >
          {offer?.replaces === false
            ? "Whoever was put in it at the platform by hand stays: this platform replaces no audience."
            : "Whoever else is in it at the platform is dropped."}{" "}
          If it was deleted there, it is made anew.
        </ConfirmButton>
        <ConfirmButton
          label="Delete"
          title={`Delete “${audience.name}”?`}
          act={() => end.mutateAsync(undefined)}
        >
          It is deleted at the platform too: ads that are shown to it lose it. To stop adding people, switch
          it off instead.
        </ConfirmButton>
      </div>
      <div className="max-w-60">
        <SelectField
          label="Kept in step"
          value={audience.interval_minutes ?? ""}
          onChange={(event) => {
            const minutes = event.target.value;
            change.mutate({ interval_minutes: minutes === "" ? null : Number(minutes) });
          }}
        >
          {INTERVALS.map(([minutes, word]) => (
            <option key={word} value={minutes ?? ""}>
              {word}
            </option>
          ))}
        </SelectField>
      </div>
      {[sync, change].map(
        (each, place) => each.error !== null && <ErrorNote key={place} error={each.error} />,
      )}
    </div>
  );
}

/** So many at once may be a mistake in the segment: somebody looks before they go. */
export function WaitingRemoval({ audience }: { audience: Audience }) {
  const mayApprove = useCan("cdp.audience_sync:approve");
  const approve = useApproveRemoval(audience.id);
  const { waiting } = audience;
  if (waiting === null) return null;
  return (
    <div className="space-y-2 border-l-2 border-hold pl-3">
      <p>
        {integer(waiting.leaving)} of {plural(waiting.of, "person", "people")} would leave at once: they are
        not in the segment any more. They stay until somebody has looked at it. Who withdraws or is erased
        leaves regardless.
      </p>
      {audience.approved_by !== null && <p className="text-ink-2">Approved by {audience.approved_by}.</p>}
      {mayApprove && audience.approved_by === null && (
        <ConfirmButton
          label="Let them leave"
          title={`Let ${plural(waiting.leaving, "person", "people")} leave “${audience.name}”?`}
          act={() => approve.mutateAsync(waiting.leaving)}
        >
          They are taken out at the platform. Should more leave by then, it waits again.
        </ConfirmButton>
      )}
    </div>
  );
}
