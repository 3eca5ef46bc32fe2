import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Webhook } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { SelectField } from "@/design/field";
import { formText } from "@/design/form";
import { ErrorNote } from "@/design/states";
import { useChangeWebhook, useDeleteWebhook, useRotateSecret, useTestWebhook } from "./queries";
import { Secret, Snippet } from "./secret";
import { WebhookForm } from "./webhook-form";
import { behind } from "./words";

export function WebhookActions({ webhook }: { webhook: Webhook }) {
  const mayWrite = useCan("cdp.webhooks:write");
  const remove = useDeleteWebhook(webhook.id);
  if (!mayWrite)
    return (
      <div>
        <h3 className="font-medium">Checking signatures</h3>
        <Snippet />
      </div>
    );
  return (
    <div className="space-y-3">
      <TestButton webhook={webhook} />
      <div className="flex flex-wrap gap-2">
        {webhook.enabled ? <SwitchOff webhook={webhook} /> : <SwitchOn webhook={webhook} />}
        <EditButton webhook={webhook} />
        <RotateButton webhook={webhook} />
        <ConfirmButton
          label="Delete"
          title={`Delete “${webhook.name}”?`}
          act={() => remove.mutateAsync(undefined)}
        >
          Its log goes too, and what it was not told yet it is never told. To stop it for a while, switch it
          off instead.
        </ConfirmButton>
      </div>
    </div>
  );
}

function TestButton({ webhook }: { webhook: Webhook }) {
  const test = useTestWebhook(webhook.id);
  return (
    <div>
      <Button
        busy={test.isPending}
        onClick={() => {
          test.mutate(undefined);
        }}
      >
        Send a test event
      </Button>
      <p role="status" className="mt-1 text-sm text-ink-2">
        {test.isPending && "Waiting for its answer…"}
        {test.data !== undefined &&
          (test.data.acknowledged
            ? `It arrived: answered ${test.data.http_status ?? ""} in ${test.data.duration_ms} ms.`
            : `It did not arrive. ${test.data.error ?? ""}`)}
      </p>
      {test.isError && <ErrorNote error={test.error} />}
    </div>
  );
}

function SwitchOff({ webhook }: { webhook: Webhook }) {
  const change = useChangeWebhook(webhook.id);
  return (
    <>
      <Button
        busy={change.isPending}
        onClick={() => {
          change.mutate({ enabled: false });
        }}
      >
        Switch off
      </Button>
      {change.isError && <ErrorNote error={change.error} />}
    </>
  );
}

function SwitchOn({ webhook }: { webhook: Webhook }) {
  const change = useChangeWebhook(webhook.id);
  const [open, setOpen] = useState(false);
  const submit = (resume: "continue" | "skip") => {
    change.mutate(
      { enabled: true, resume },
      {
        onSuccess: () => {
          setOpen(false);
        },
      },
    );
  };
  return (
    <>
      <Button
        tone="primary"
        onClick={() => {
          change.reset();
          setOpen(true);
        }}
      >
        Switch on…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Switch “${webhook.name}” on?`}>
        <div className="space-y-4">
          <p className="text-ink-2">
            {behind(webhook)}. It can be told all of that first, or only what happens from now on; erasures
            are told either way.
          </p>
          {change.isError && <ErrorNote error={change.error} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button
              busy={change.isPending}
              onClick={() => {
                submit("skip");
              }}
            >
              Skip ahead to now
            </Button>
            <Button
              tone="primary"
              busy={change.isPending}
              onClick={() => {
                submit("continue");
              }}
            >
              Go on where it stopped
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}

function EditButton({ webhook }: { webhook: Webhook }) {
  const change = useChangeWebhook(webhook.id);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        onClick={() => {
          change.reset();
          setOpen(true);
        }}
      >
        Change…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Change “${webhook.name}”`}>
        <WebhookForm
          webhook={webhook}
          label="Save"
          busy={change.isPending}
          error={change.error}
          onSubmit={(wish) => {
            change.mutate(wish, {
              onSuccess: () => {
                setOpen(false);
              },
            });
          }}
        />
      </Dialog>
    </>
  );
}

function RotateButton({ webhook }: { webhook: Webhook }) {
  const rotate = useRotateSecret(webhook.id);
  const [open, setOpen] = useState(false);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    rotate.mutate(Number(formText(event.currentTarget, "hours")));
  };
  return (
    <>
      <Button
        onClick={() => {
          rotate.reset();
          setOpen(true);
        }}
      >
        New secret…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`A new secret for “${webhook.name}”`}>
        {rotate.data === undefined ? (
          <form onSubmit={submit} className="space-y-4">
            <SelectField
              label="The old one is valid"
              name="hours"
              defaultValue="24"
              hint="Until then messages bear both signatures, so that the receiver can change over."
            >
              <option value="0">No longer: it has leaked</option>
              <option value="1">For an hour</option>
              <option value="24">For a day</option>
              <option value="168">For a week</option>
            </SelectField>
            {rotate.isError && <ErrorNote error={rotate.error} />}
            <div className="flex justify-end">
              <Button type="submit" tone="primary" busy={rotate.isPending}>
                Make a new secret
              </Button>
            </div>
          </form>
        ) : (
          <div role="status">
            <Secret secret={rotate.data.secret} name={webhook.name} />
          </div>
        )}
      </Dialog>
    </>
  );
}
