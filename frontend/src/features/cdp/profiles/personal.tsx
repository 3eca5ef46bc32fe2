import { useQuery } from "@tanstack/react-query";
import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { ProfileDetail } from "@/api/types";
import { Button } from "@/design/button";
import { Evidence } from "@/design/evidence";
import { Fact, Facts, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { words } from "@/format/words";
import { personalQuery } from "./queries";

/** What names the person: hinted at, and in the clear for those who may, when they ask. */
export function Personal({ profile }: { profile: ProfileDetail }) {
  const mayLook = useCan("cdp.profiles.personal:read");
  const [shown, setShown] = useState(false);
  return (
    <Panel
      title="Who"
      aside={
        mayLook && (
          <Button
            aria-pressed={shown}
            onClick={() => {
              setShown(!shown);
            }}
          >
            {shown ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
            {shown ? "Hide personal data" : "Show personal data"}
          </Button>
        )
      }
    >
      {shown ? <InTheClear profileId={profile.id} /> : <Hinted profile={profile} mayLook={mayLook} />}
    </Panel>
  );
}

function Hinted({ profile, mayLook }: { profile: ProfileDetail; mayLook: boolean }) {
  return (
    <div className="space-y-3 p-4">
      <Named identifiers={profile.identifiers} />
      {profile.personal_traits.length > 0 && (
        <p className="text-ink-2">Sealed traits: {profile.personal_traits.join(", ")}.</p>
      )}
      <p className="text-sm text-ink-3">
        {mayLook
          ? "Who looks at personal data is written to the audit log."
          : "Personal data is shown to managers and administrators."}
      </p>
    </div>
  );
}

function InTheClear({ profileId }: { profileId: string }) {
  const personal = useQuery(personalQuery(profileId));
  return (
    <Loaded query={personal} rows={4}>
      {(data) => (
        <div className="space-y-3 p-4">
          <Named
            identifiers={data.identifiers.map((each) => ({
              type: each["type"] ?? "",
              value: each["value"] ?? "",
            }))}
          />
          <section aria-label="Personal traits">
            <h3 className="mb-1 font-medium">Personal traits</h3>
            <Evidence value={data.traits} empty="None was ever said." />
          </section>
          <p className="text-sm text-ink-3">That you looked is in the audit log.</p>
        </div>
      )}
    </Loaded>
  );
}

const MOST = 8;

interface Identified {
  readonly type: string;
  readonly value: string;
}

function Named({ identifiers }: { identifiers: readonly Identified[] }) {
  return (
    <Facts>
      {identifiers.slice(0, MOST).map(({ type, value }, index) => (
        <Fact key={index} term={words(type)}>
          <span className="break-all">{value}</span>
        </Fact>
      ))}
      {identifiers.length > MOST && <Fact term="And">{identifiers.length - MOST} more, listed below</Fact>}
    </Facts>
  );
}
