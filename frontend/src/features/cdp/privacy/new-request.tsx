import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import type { PrivacyRequest, Profile } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { SelectField, TextField } from "@/design/field";
import { FormError } from "@/design/form";
import { Listed } from "@/design/listed";
import { plural } from "@/format/words";
import { LifecycleStatus, shortId } from "../profiles/person";
import { profilesQuery } from "../profiles/queries";
import { useAsk } from "./queries";

interface NewRequestProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function NewRequest({ open, onOpenChange }: NewRequestProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="A new request">
      {open && (
        <RequestForm
          onCancel={() => {
            onOpenChange(false);
          }}
        />
      )}
    </Dialog>
  );
}

/** What has to be typed before somebody is erased. */
const CONFIRMATION = "erase";

type Kind = PrivacyRequest["kind"];
type Law = PrivacyRequest["law"] | "";

function RequestForm({ onCancel }: { onCancel: () => void }) {
  const [kind, setKind] = useState<Kind>("export");
  const [person, setPerson] = useState<Profile | null>(null);
  const [reason, setReason] = useState("");
  const [law, setLaw] = useState<Law>("");
  const [typed, setTyped] = useState("");
  const ask = useAsk();
  const navigate = useNavigate();
  const confirmation = person === null ? "" : `${CONFIRMATION} ${shortId(person.id)}`;
  const confirmed = kind === "export" || (person !== null && typed.trim().toLowerCase() === confirmation);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (person === null) return;
    ask.mutate(
      { kind, profileId: person.id, reason: reason.trim(), law: law === "" ? null : law },
      {
        onSuccess: ({ id }) => {
          void navigate({ to: "/people/requests/$requestId", params: { requestId: id } });
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <SelectField
        label="They want"
        value={kind}
        onChange={(event) => {
          setKind(event.target.value as Kind);
        }}
      >
        <option value="export">all that we hold of them (export)</option>
        <option value="erasure">to be erased</option>
      </SelectField>
      <Person chosen={person} onChoose={setPerson} />
      <TextField
        label="Why"
        required
        maxLength={500}
        autoComplete="off"
        placeholder="They asked by e-mail, ticket 4711"
        hint="It stays with the request, and in the audit log."
        value={reason}
        onChange={(event) => {
          setReason(event.target.value);
        }}
      />
      <SelectField
        label="By which law"
        hint="The one of their country, as far as we know it; where we do not, the GDPR’s shorter time."
        value={law}
        onChange={(event) => {
          setLaw(event.target.value as Law);
        }}
      >
        <option value="">by their country</option>
        <option value="gdpr">GDPR: within one month</option>
        <option value="ccpa">CCPA: within 45 days</option>
      </SelectField>
      {kind === "erasure" && person !== null && (
        <div className="space-y-2 border-l-2 border-block pl-3">
          <p>
            {plural(person.event_count, "event")} and every identifier of this person go, here and wherever a
            platform can delete them. Nothing brings it back. What happened before does not come in again;
            they may come back as somebody new.
          </p>
          <TextField
            label={`Type “${confirmation}” to go on`}
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
            }}
          />
        </div>
      )}
      <FormError error={ask.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button
          type="submit"
          tone={kind === "erasure" ? "danger" : "primary"}
          busy={ask.isPending}
          disabled={person === null || reason.trim() === "" || !confirmed}
        >
          {kind === "erasure" ? "Erase them" : "Make the export"}
        </Button>
      </div>
    </form>
  );
}

interface PersonProps {
  chosen: Profile | null;
  onChoose: (person: Profile | null) => void;
}

/** Found by anything that they are called; it stands in no address, since it names them. */
function Person({ chosen, onChoose }: PersonProps) {
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState<string>();
  const look = () => {
    onChoose(null);
    setAsked(typed.trim() === "" ? undefined : typed.trim());
  };
  return (
    <div className="space-y-2">
      <div className="flex items-end gap-2">
        <div className="min-w-0 grow">
          <TextField
            label="The person’s identifier"
            autoComplete="off"
            placeholder="E-mail, phone, user id, device…"
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              look();
            }}
          />
        </div>
        <Button onClick={look}>Find</Button>
      </div>
      {asked !== undefined && <Found asked={asked} chosen={chosen?.id} onChoose={onChoose} />}
    </div>
  );
}

interface FoundProps {
  asked: string;
  chosen: string | undefined;
  onChoose: (person: Profile) => void;
}

function Found({ asked, chosen, onChoose }: FoundProps) {
  const profiles = useInfiniteQuery(profilesQuery({ identifier: asked }));
  return (
    <Listed
      query={profiles}
      rows={1}
      more="More"
      empty={
        <p className="text-ink-2">
          Nobody has this identifier. It is looked for whole, as it was sent: what is not found here is not
          held of them.
        </p>
      }
    >
      {(items) => (
        <fieldset className="space-y-1">
          <legend className="sr-only">Found</legend>
          {items.map((each) => (
            <label key={each.id} className="flex flex-wrap items-center gap-x-3">
              <input
                type="radio"
                name="person"
                className="accent-accent"
                checked={each.id === chosen}
                onChange={() => {
                  onChoose(each);
                }}
              />
              <span className="font-mono">{shortId(each.id)}</span>
              <LifecycleStatus lifecycle={each.lifecycle} />
              <span className="text-ink-3">{plural(each.event_count, "event")}</span>
            </label>
          ))}
        </fieldset>
      )}
    </Listed>
  );
}
