import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { WhatsAppState, WhatsAppTemplate } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { CopyButton } from "@/design/copy-button";
import { TextField } from "@/design/field";
import { Age, Moment } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Fact, Facts } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import {
  useConnectWhatsApp,
  useDisconnectWhatsApp,
  useHandIn,
  useLookAtTemplates,
  useNewVerifyToken,
  useSwitchWhatsApp,
} from "./queries";
import { TestButton } from "./test-button";

/** A number of the Cloud API, the webhook that it needs, and the templates that Meta has to approve. */
export function WhatsAppPanel({ whatsapp }: { whatsapp: WhatsAppState | null }) {
  const mayWrite = useCan("notifications.whatsapp:write");
  const [token, setToken] = useState<string | null>(null);
  if (whatsapp === null)
    return mayWrite ? <Connect onToken={setToken} /> : <Empty title="No number is connected." />;
  return (
    <>
      <Summary whatsapp={whatsapp} mayWrite={mayWrite} />
      <Webhook whatsapp={whatsapp} mayWrite={mayWrite} token={token} onToken={setToken} />
      <Templates whatsapp={whatsapp} mayWrite={mayWrite} />
    </>
  );
}

function Connect({ onToken }: { onToken: (token: string | null) => void }) {
  const connect = useConnectWhatsApp();
  const fields = fieldsOf(connect.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const text = (name: string) => formText(form, name).trim();
    connect
      .mutateAsync({
        phone_number_id: text("phone_number_id"),
        waba_id: text("waba_id"),
        token: text("token"),
        app_secret: text("app_secret"),
      })
      .then(
        (made) => {
          onToken(made.verify_token);
        },
        () => undefined,
      );
  };
  return (
    <form onSubmit={submit} className="max-w-xl space-y-4 p-4">
      <p className="text-ink-2">
        A number of WhatsApp’s Cloud API, from an app of your own at Meta. Its system user needs
        whatsapp_business_messaging and whatsapp_business_management. Token and secret are kept sealed and
        never shown again.
      </p>
      <TextField
        label="Phone number ID"
        name="phone_number_id"
        required
        inputMode="numeric"
        autoComplete="off"
        error={fields["phone_number_id"]}
      />
      <TextField
        label="WhatsApp Business account ID"
        name="waba_id"
        required
        inputMode="numeric"
        autoComplete="off"
        error={fields["waba_id"]}
      />
      <TextField
        label="System user’s token"
        name="token"
        type="password"
        required
        autoComplete="off"
        error={fields["token"]}
      />
      <TextField
        label="App secret"
        name="app_secret"
        type="password"
        required
        autoComplete="off"
        error={fields["app_secret"]}
      />
      <FormError error={connect.error} />
      <Button type="submit" tone="primary" busy={connect.isPending}>
        Connect WhatsApp
      </Button>
    </form>
  );
}

interface PartProps {
  whatsapp: WhatsAppState;
  mayWrite: boolean;
}

function Summary({ whatsapp, mayWrite }: PartProps) {
  const change = useSwitchWhatsApp();
  const disconnect = useDisconnectWhatsApp();
  return (
    <div className="flex flex-wrap items-start justify-between gap-3 p-4">
      <Facts>
        <Fact term="Number">{whatsapp.display_number}</Fact>
        <Fact term="Name over its messages">{whatsapp.verified_name}</Fact>
        <Fact term="State">
          <State whatsapp={whatsapp} />
        </Fact>
      </Facts>
      {mayWrite && (
        <div className="flex flex-wrap items-start gap-2">
          <TestButton channel="whatsapp" label="Send a test to my phone" />
          <Button
            busy={change.isPending}
            onClick={() => {
              change.mutate(!whatsapp.enabled);
            }}
          >
            {whatsapp.enabled ? "Switch WhatsApp off" : "Switch WhatsApp on"}
          </Button>
          <ConfirmButton
            label="Disconnect WhatsApp"
            title={`Disconnect ${whatsapp.display_number}?`}
            act={() => disconnect.mutateAsync(undefined)}
          >
            Token and secret are forgotten. Who agreed to be written to stays known, and is mailed meanwhile.
          </ConfirmButton>
        </div>
      )}
      {change.isError && <ErrorNote error={change.error} />}
    </div>
  );
}

function State({ whatsapp }: { whatsapp: WhatsAppState }) {
  if (whatsapp.last_error !== null)
    return (
      <>
        <Status tone="block">Meta refuses</Status>{" "}
        <span className="font-mono text-sm text-ink-2">{whatsapp.last_error}</span>{" "}
        <span className="text-ink-3">
          <Age at={whatsapp.last_error_at} />
        </span>
      </>
    );
  if (!whatsapp.enabled) return <Status tone="muted">Off: mail brings it</Status>;
  if (whatsapp.webhook_verified_at === null)
    return <Status tone="hold">Set up the webhook: nobody can confirm a phone before</Status>;
  return <Status tone="pass">On</Status>;
}

interface WebhookProps extends PartProps {
  token: string | null;
  onToken: (token: string | null) => void;
}

function Webhook({ whatsapp, mayWrite, token, onToken }: WebhookProps) {
  const renew = useNewVerifyToken();
  return (
    <div className="border-t border-line p-4">
      <p className="font-medium">Webhook, for the app’s dashboard at Meta</p>
      <p className="mt-1 flex items-start gap-2">
        <code className="min-w-0 font-mono text-sm break-all">{whatsapp.callback_url}</code>
        <CopyButton text={whatsapp.callback_url} label="Copy the address" />
      </p>
      {token !== null && (
        <p className="mt-2 flex items-start gap-2">
          <span className="shrink-0">Verify token, shown this once:</span>
          <code className="min-w-0 font-mono text-sm break-all" data-secret>
            {token}
          </code>
          <CopyButton text={token} label="Copy the verify token" />
        </p>
      )}
      <p className="mt-2 max-w-prose text-ink-2">
        Subscribe it to messages and message_template_status_update.{" "}
        {whatsapp.heard_at === null ? (
          "It has told nothing yet."
        ) : (
          <>
            It last told something <Moment at={whatsapp.heard_at} />.
          </>
        )}
      </p>
      {mayWrite && (
        <div className="mt-2">
          <ConfirmButton
            label="New verify token"
            title="Make a new verify token?"
            act={async () => {
              const made = await renew.mutateAsync(undefined);
              onToken(made.verify_token);
            }}
          >
            The one before counts no more: set up the webhook at Meta again.
          </ConfirmButton>
        </div>
      )}
    </div>
  );
}

const TONES: Readonly<Record<WhatsAppTemplate["status"], Tone>> = {
  approved: "pass",
  pending: "hold",
  paused: "hold",
  missing: "hold",
  rejected: "block",
  disabled: "block",
  differs: "block",
  other: "hold",
};

function Templates({ whatsapp, mayWrite }: PartProps) {
  const handIn = useHandIn();
  const look = useLookAtTemplates();
  const error = handIn.error ?? look.error;
  return (
    <div className="border-t border-line">
      <Table label="Templates">
        <thead>
          <tr>
            <Th>Template</Th>
            <Th>Meta says</Th>
            <Th>What to do</Th>
          </tr>
        </thead>
        <tbody>
          {whatsapp.templates.map((each) => (
            <Tr key={each.name}>
              <Td>
                <code className="font-mono text-sm">{each.name}</code>
              </Td>
              <Td>
                <Status
                  tone={each.is_usable ? "pass" : each.status === "approved" ? "hold" : TONES[each.status]}
                >
                  {each.status}
                </Status>
                {each.reason !== null && <span className="font-mono text-sm text-ink-3"> {each.reason}</span>}
              </Td>
              <Td>{each.mend ?? "Nothing."}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      {mayWrite && (
        <div className="flex flex-wrap gap-2 p-4">
          {whatsapp.templates.some(({ status }) => status === "missing") && (
            <Button
              tone="primary"
              busy={handIn.isPending}
              onClick={() => {
                handIn.mutate(undefined);
              }}
            >
              Hand the missing ones in
            </Button>
          )}
          <Button
            busy={look.isPending}
            onClick={() => {
              look.mutate(undefined);
            }}
          >
            Ask Meta again
          </Button>
        </div>
      )}
      {error !== null && <ErrorNote error={error} />}
    </div>
  );
}
