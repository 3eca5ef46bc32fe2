import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "@/api/client";
import { currentSession, refreshSession } from "@/api/session";
import type { ActingLink, LinkVerb } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { Moment } from "@/design/figures";
import { Loaded } from "@/design/states";
import { words } from "@/format/words";
import { Door } from "../../auth/door";

const VERBS: Readonly<Record<LinkVerb, readonly [string, string]>> = {
  approve: ["Approve", "You approved it. The gate has decided anew: it is now"],
  dismiss: ["Reject", "You rejected it. It is now"],
  acknowledge: ["Acknowledge", "You acknowledged it. It is now"],
};

/** What a link in a message leads to: it asks first, since programs open links too. Only a button acts. */
export function ActRoom() {
  const { token, do: asked } = useSearch({ from: "/act" });
  const link = useQuery({
    queryKey: ["notifications/links", token],
    queryFn: () => body(api.POST("/api/v1/notifications/links/preview", { body: { token: token ?? "" } })),
    enabled: token !== undefined,
    retry: false,
  });
  if (token === undefined)
    return (
      <Door title="Something is missing">
        <p>Open the link from the message again: part of it was lost.</p>
      </Door>
    );
  return (
    <Door title={link.data?.title ?? "A notification"} lead={link.data?.company}>
      <Loaded query={link}>{(found) => <Asked token={token} link={found} asked={asked} />}</Loaded>
    </Door>
  );
}

interface AskedProps {
  token: string;
  link: ActingLink;
  asked: LinkVerb | undefined;
}

function Asked({ token, link, asked }: AskedProps) {
  return (
    <div className="space-y-4">
      <p className="whitespace-pre-line text-ink-2">{link.text}</p>
      <p className="text-sm text-ink-3">
        <Moment at={link.occurred_at} />
      </p>
      <Answer token={token} link={link} asked={asked} />
      <p className="border-t border-line pt-4">
        <Link to={link.room} className={LINK}>
          Look at it in Stratum
        </Link>
      </p>
    </div>
  );
}

function Answer({ token, link, asked }: AskedProps) {
  const signedIn = useQuery({
    queryKey: ["auth", "signed-in"],
    queryFn: async () => currentSession() !== null || (await refreshSession()),
    enabled: link.person === null,
    retry: false,
  });
  if (link.used_at !== null)
    return (
      <p role="status">
        {link.used_verb === null ? "This link was used. It is now" : VERBS[link.used_verb][1]}{" "}
        <strong>{words(link.state)}</strong>.
      </p>
    );
  if (link.has_expired) return <p role="status">This link has expired: sign in to act.</p>;
  if (link.person === null && signedIn.data !== true)
    return (
      <p>
        This link was posted where many can read it, so it acts for whoever is signed in.{" "}
        <Link to="/sign-in" search={{ next: `/act?token=${token}` }} className={LINK}>
          Sign in first
        </Link>
      </p>
    );
  return <Buttons token={token} link={link} asked={asked} />;
}

function Buttons({ token, link, asked }: AskedProps) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const act = useMutation({
    mutationFn: (verb: LinkVerb) =>
      body(
        api.POST("/api/v1/notifications/links/act", {
          body: { token, verb, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) },
        }),
      ),
    onSuccess: (after) => {
      client.setQueryData(["notifications/links", token], after);
    },
  });
  const wantsReason = link.verbs.includes("approve");
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
      }}
    >
      <p>
        It stands at <strong>{words(link.state)}</strong>.
        {link.person !== null && <> You act as {link.person}.</>}
      </p>
      {wantsReason && (
        <TextField
          label="Why (for those who read it later)"
          name="reason"
          maxLength={500}
          autoComplete="off"
          value={reason}
          onChange={(event) => {
            setReason(event.target.value);
          }}
          error={fieldsOf(act.error)["reason"]}
        />
      )}
      <FormError error={act.error} />
      <div className="flex gap-2">
        {link.verbs.map((verb) => (
          <Button
            key={verb}
            tone={verb === (asked ?? link.verbs[0]) ? "primary" : "plain"}
            className="flex-1"
            busy={act.isPending}
            onClick={() => {
              act.mutate(verb);
            }}
          >
            {VERBS[verb][0]}
          </Button>
        ))}
      </div>
    </form>
  );
}
