import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { NotificationWebhook } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { CopyButton } from "@/design/copy-button";
import { TextField } from "@/design/field";
import { Age, Moment } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Fact, Facts } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { useChangeWebhook, useNewWebhookSecret, useRemoveWebhook, useSetWebhook } from "./queries";
import { TestButton } from "./test-button";

const KINDS = [
  "incident_opened",
  "incident_closed",
  "approval_wanted",
  "connection_needs_sign_in",
  "kill_switch_changed",
  "stop_changed",
  "action_blocked",
  "draft_waits",
  "draft_decided",
  "draft_published",
  "draft_failed",
  "dead_letter",
  "rule_held",
] as const;

/** A system of the company's own that is told what its people are told. */
export function WebhookPanel({ webhook }: { webhook: NotificationWebhook | null }) {
  const mayWrite = useCan("notifications.channels:write");
  const [secret, setSecret] = useState<string | null>(null);
  if (webhook === null)
    return mayWrite ? <SetUp onSecret={setSecret} /> : <Empty title="No webhook is set up." />;
  return (
    <>
      {secret !== null && <Secret secret={secret} />}
      <Summary webhook={webhook} mayWrite={mayWrite} onSecret={setSecret} />
      {mayWrite && <Kinds webhook={webhook} />}
    </>
  );
}

function SetUp({ onSecret }: { onSecret: (secret: string | null) => void }) {
  const set = useSetWebhook();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    // Not `mutate` with a callback: this form is gone by then, and with it the callback.
    set.mutateAsync(formText(event.currentTarget, "url").trim()).then(
      (made) => {
        onSecret(made.secret);
      },
      () => undefined,
    );
  };
  return (
    <form onSubmit={submit} className="max-w-xl space-y-4 p-4">
      <p className="text-ink-2">
        An address of yours gets a signed POST of JSON for whatever people are told here: for a pager, a
        ticket system, a log.
      </p>
      <TextField
        label="Address"
        name="url"
        required
        autoComplete="off"
        placeholder="https://example.com/stratum"
        error={fieldsOf(set.error)["url"]}
      />
      <FormError error={set.error} />
      <Button type="submit" tone="primary" busy={set.isPending}>
        Set it up
      </Button>
    </form>
  );
}

function Secret({ secret }: { secret: string }) {
  return (
    <div className="border-b border-line p-4">
      <p className="font-medium">Its secret, shown this once</p>
      <p className="mt-1 flex items-start gap-2">
        <code className="min-w-0 font-mono break-all" data-secret>
          {secret}
        </code>
        <CopyButton text={secret} label="Copy the secret" />
      </p>
      <p className="mt-1 max-w-prose text-ink-2">
        Check the signature of each message with it, as Standard Webhooks says. A message that comes again has
        the same webhook-id.
      </p>
    </div>
  );
}

interface SummaryProps {
  webhook: NotificationWebhook;
  mayWrite: boolean;
  onSecret: (secret: string | null) => void;
}

function Summary({ webhook, mayWrite, onSecret }: SummaryProps) {
  const change = useChangeWebhook();
  const remove = useRemoveWebhook();
  const renew = useNewWebhookSecret();
  return (
    <div className="flex flex-wrap items-start justify-between gap-3 p-4">
      <Facts>
        <Fact term="Address">
          <code className="font-mono text-sm break-all">{webhook.url}</code>
        </Fact>
        <Fact term="State">
          <State webhook={webhook} />
        </Fact>
        {webhook.previous_until !== null && (
          <Fact term="Old secret counts until">
            <Moment at={webhook.previous_until} />
          </Fact>
        )}
      </Facts>
      {mayWrite && (
        <div className="flex flex-wrap items-start gap-2">
          <TestButton channel="webhook" label="Post a test there" />
          <Button
            busy={change.isPending}
            onClick={() => {
              change.mutate({ enabled: !webhook.enabled });
            }}
          >
            {webhook.enabled ? "Switch off" : "Switch on"}
          </Button>
          <ConfirmButton
            label="New secret"
            title="Make a new secret?"
            act={async () => {
              const made = await renew.mutateAsync();
              onSecret(made.secret);
            }}
          >
            For a day messages are signed with the old one too: put the new one into the receiver until then.
          </ConfirmButton>
          <ConfirmButton label="Remove" title="Remove the webhook?" act={() => remove.mutateAsync(undefined)}>
            It is told nothing more, and its secret is forgotten.
          </ConfirmButton>
        </div>
      )}
      {change.isError && <ErrorNote error={change.error} />}
    </div>
  );
}

function State({ webhook }: { webhook: NotificationWebhook }) {
  if (webhook.last_error !== null)
    return (
      <>
        <Status tone="block">{webhook.enabled ? "Does not take them" : "Off"}</Status>{" "}
        <span className="text-ink-2">{webhook.last_error}</span>{" "}
        <span className="text-ink-3">
          <Age at={webhook.last_error_at} />
        </span>
      </>
    );
  return webhook.enabled ? <Status tone="pass">On</Status> : <Status tone="muted">Off</Status>;
}

function Kinds({ webhook }: { webhook: NotificationWebhook }) {
  const change = useChangeWebhook();
  const told = webhook.kinds ?? KINDS;
  const turn = (kind: (typeof KINDS)[number], wanted: boolean) => {
    const kinds = KINDS.filter((each) => (each === kind ? wanted : told.includes(each)));
    change.mutate({ kinds: kinds.length === KINDS.length ? null : kinds });
  };
  return (
    <fieldset className="border-t border-line p-4" disabled={change.isPending}>
      <legend className="sr-only">What it is told of</legend>
      <p aria-hidden className="mb-2 font-medium">
        What it is told of
      </p>
      <div className="flex flex-wrap gap-x-6 gap-y-2">
        {KINDS.map((kind) => (
          <label key={kind} className="flex min-h-8 items-center gap-2">
            <input
              type="checkbox"
              className="accent-accent"
              checked={told.includes(kind)}
              disabled={told.length === 1 && told.includes(kind)}
              onChange={(event) => {
                turn(kind, event.target.checked);
              }}
            />
            {words(kind)}
          </label>
        ))}
      </div>
      {change.isError && <ErrorNote error={change.error} />}
    </fieldset>
  );
}
