import { type SyntheticEvent, useState } from "react";
import type { OwnWhatsApp } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { CopyButton } from "@/design/copy-button";
import { TextField } from "@/design/field";
import { Moment } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Fact, Facts } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { useFallBack, useGiveNumber, useStopWhatsApp } from "./queries";

interface Asked {
  code: string;
  link: string;
}

/** One's own phone: given here, confirmed from there. Nothing is sent to it before its owner has written. */
export function OwnWhatsAppPanel({ own }: { own: OwnWhatsApp }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  if (own.company_number === null && own.state !== "confirmed")
    return (
      <Empty title="Your company writes to nobody in WhatsApp.">
        An admin can connect a number under Channels.
      </Empty>
    );
  const waits = own.state === "pending" && own.code_until !== null;
  return (
    <>
      {own.state !== null && <Summary own={own} />}
      {waits && asked !== null && <Code asked={asked} own={own} />}
      {own.state !== "confirmed" && <Give own={own} onAsked={setAsked} />}
    </>
  );
}

function Summary({ own }: { own: OwnWhatsApp }) {
  const stop = useStopWhatsApp();
  const fallBack = useFallBack();
  return (
    <div className="flex flex-wrap items-start justify-between gap-3 p-4">
      <Facts>
        <Fact term="Number">{own.number}</Fact>
        <Fact term="State">
          <State own={own} />
        </Fact>
        {own.last_error !== null && <Fact term="Last message">{own.last_error}</Fact>}
        {own.receipts.length > 0 && (
          <Fact term="Agreed">
            {own.receipts.map((each) => (
              <span key={`${each.at}${each.act}`} className="block">
                {ACTS[each.act]} <Moment at={each.at} />
              </span>
            ))}
          </Fact>
        )}
      </Facts>
      <div className="flex flex-col items-start gap-2">
        <label className="flex min-h-8 items-center gap-2">
          <input
            type="checkbox"
            className="accent-accent"
            checked={own.falls_back}
            disabled={fallBack.isPending}
            onChange={(event) => {
              fallBack.mutate(event.target.checked);
            }}
          />
          By mail, where WhatsApp cannot bring it
        </label>
        {fallBack.isError && <ErrorNote error={fallBack.error} />}
        {own.state !== "stopped" && (
          <ConfirmButton
            label="Stop"
            title="Be written to in WhatsApp no more?"
            act={() => stop.mutateAsync(undefined)}
          >
            The same as replying STOP. You can begin again at any time.
          </ConfirmButton>
        )}
      </div>
    </div>
  );
}

const ACTS: Readonly<Record<OwnWhatsApp["receipts"][number]["act"], string>> = {
  asked: "Given",
  confirmed: "Confirmed",
  stopped: "Ended",
  resumed: "Begun again",
};

function State({ own }: { own: OwnWhatsApp }) {
  if (own.state === "pending") return <Status tone="hold">Waits for the code from your phone</Status>;
  if (own.state === "stopped") return <Status tone="muted">You are not written to</Status>;
  if (own.company_number === null)
    return <Status tone="hold">Your company has WhatsApp switched off: mail brings it</Status>;
  return <Status tone="pass">You are written to</Status>;
}

function Code({ asked, own }: { asked: Asked; own: OwnWhatsApp }) {
  return (
    <div className="border-t border-line p-4">
      <p className="font-medium">
        Send this code from {own.number} to {own.company_number}
      </p>
      <p className="mt-1 flex items-center gap-2">
        <code className="font-mono text-lg" data-secret>
          {asked.code}
        </code>
        <CopyButton text={asked.code} label="Copy the code" />
      </p>
      <p className="mt-2">
        <a className="text-accent underline" href={asked.link} target="_blank" rel="noreferrer">
          Open WhatsApp with the code
        </a>
      </p>
      <p className="mt-2 max-w-prose text-ink-2">By sending it you agree: “{own.words}”</p>
    </div>
  );
}

function Give({ own, onAsked }: { own: OwnWhatsApp; onAsked: (asked: Asked) => void }) {
  const give = useGiveNumber();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    give.mutateAsync(formText(event.currentTarget, "number").trim()).then(onAsked, () => undefined);
  };
  return (
    <form onSubmit={submit} className="max-w-xl space-y-4 border-t border-line p-4 first:border-t-0">
      <p className="text-ink-2">
        {own.company_name} ({own.company_number}) can write to you. You are shown a code to send from your
        phone: nothing is sent to it before.
      </p>
      <TextField
        label="Your number, with its country’s code"
        name="number"
        type="tel"
        required
        autoComplete="tel"
        placeholder="+36 30 123 4567"
        defaultValue={own.number ?? ""}
        error={fieldsOf(give.error)["number"]}
      />
      <FormError error={give.error} />
      <Button type="submit" tone="primary" busy={give.isPending}>
        Show me a code
      </Button>
    </form>
  );
}
