import { useQuery } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { useCan } from "@/api/permissions";
import type { SlackRoute, SlackState } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { SelectField, TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Fact, Facts } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import {
  channelsQuery,
  conversationsQuery,
  useChangeSlack,
  useConnectSlack,
  useDisconnectSlack,
} from "./queries";
import { TestButton } from "./test-button";

const DEFAULT = "default";
const NOWHERE = "nowhere";

export function SlackPanel({ slack }: { slack: SlackState | null }) {
  const mayWrite = useCan("notifications.channels:write");
  if (slack === null) return mayWrite ? <Connect /> : <Empty title="No workspace is connected." />;
  return (
    <>
      <Summary slack={slack} mayWrite={mayWrite} />
      {mayWrite && <Routes slack={slack} />}
    </>
  );
}

function Connect() {
  const connect = useConnectSlack();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    connect.mutate(formText(event.currentTarget, "token").trim());
  };
  return (
    <form onSubmit={submit} className="max-w-xl space-y-4 p-4">
      <p className="text-ink-2">
        Install an app of your own in your workspace with the scopes chat:write, channels:read and
        groups:read, and paste its bot token. It is kept sealed and never shown again.
      </p>
      <TextField
        label="Bot token"
        name="token"
        type="password"
        required
        autoComplete="off"
        placeholder="xoxb-…"
        error={fieldsOf(connect.error)["token"]}
      />
      <FormError error={connect.error} />
      <Button type="submit" tone="primary" busy={connect.isPending}>
        Connect Slack
      </Button>
    </form>
  );
}

function Summary({ slack, mayWrite }: { slack: SlackState; mayWrite: boolean }) {
  const change = useChangeSlack();
  const disconnect = useDisconnectSlack();
  return (
    <div className="flex flex-wrap items-start justify-between gap-3 p-4">
      <Facts>
        <Fact term="Workspace">{slack.team_name}</Fact>
        <Fact term="State">
          <State slack={slack} />
        </Fact>
        <Fact term="Channel for all">
          {slack.channel_name === null ? "none yet" : `#${slack.channel_name}`}
        </Fact>
      </Facts>
      {mayWrite && (
        <div className="flex flex-wrap items-start gap-2">
          <TestButton channel="slack" label="Post a test" disabled={slack.channel_id === null} />
          <Button
            busy={change.isPending}
            onClick={() => {
              change.mutate({ enabled: !slack.enabled });
            }}
          >
            {slack.enabled ? "Switch off" : "Switch on"}
          </Button>
          <ConfirmButton
            label="Disconnect"
            title={`Disconnect ${slack.team_name}?`}
            act={() => disconnect.mutateAsync(undefined)}
          >
            Its token is forgotten. The app stays installed in the workspace until somebody removes it there.
          </ConfirmButton>
        </div>
      )}
    </div>
  );
}

function State({ slack }: { slack: SlackState }) {
  if (slack.last_error !== null)
    return (
      <>
        <Status tone="block">Slack refuses</Status>{" "}
        <span className="font-mono text-sm text-ink-2">{slack.last_error}</span>{" "}
        <span className="text-ink-3">
          <Age at={slack.last_error_at} />
        </span>
      </>
    );
  if (!slack.enabled) return <Status tone="muted">Off</Status>;
  if (slack.channel_id === null) return <Status tone="hold">Choose a channel: nothing is sent before</Status>;
  return <Status tone="pass">On</Status>;
}

function Routes({ slack }: { slack: SlackState }) {
  const conversations = useQuery(conversationsQuery);
  const channels = useQuery(channelsQuery);
  const change = useChangeSlack();
  const busy = change.isPending || channels.isFetching;
  if (conversations.isError)
    return <ErrorNote error={conversations.error} onRetry={() => void conversations.refetch()} />;
  const listed = conversations.data ?? [];
  const options = listed.map((each) => (
    <option key={each.id} value={each.id}>
      #{each.name}
      {each.is_member ? "" : " (invite the bot first)"}
    </option>
  ));
  return (
    <div className="border-t border-line">
      <div className="max-w-xl p-4">
        <SelectField
          label="Channel for all"
          value={slack.channel_id ?? ""}
          disabled={busy || conversations.isPending}
          onChange={(event) => {
            change.mutate({ channel_id: event.target.value });
          }}
        >
          {slack.channel_id === null && <option value="">Choose…</option>}
          {gone(slack.channel_id, slack.channel_name, listed)}
          {options}
        </SelectField>
        {change.isError && <ErrorNote error={change.error} />}
      </div>
      <Table label="Channels by kind">
        <thead>
          <tr>
            <Th>When</Th>
            <Th>Goes to</Th>
          </tr>
        </thead>
        <tbody>
          {slack.routes.map((route) => (
            <Tr key={route.kind}>
              <Td>{route.name}</Td>
              <Td>
                <SelectField
                  label={`${route.name}: goes to`}
                  hideLabel
                  value={chosen(route)}
                  disabled={busy || conversations.isPending}
                  onChange={(event) => {
                    change.mutate({ routes: [wanted(route.kind, event.target.value)] });
                  }}
                >
                  <option value={DEFAULT}>The channel for all</option>
                  <option value={NOWHERE}>Not told in Slack</option>
                  {gone(route.channel_id, route.channel_name, listed)}
                  {options}
                </SelectField>
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

/** A channel that is chosen and no longer listed is still shown as what it is. */
function gone(id: string | null, name: string | null, listed: readonly { id: string }[]) {
  if (id === null || listed.some((each) => each.id === id)) return null;
  return <option value={id}>#{name ?? id}</option>;
}

function chosen(route: SlackRoute): string {
  if (route.is_default) return DEFAULT;
  return route.channel_id ?? NOWHERE;
}

function wanted(kind: SlackRoute["kind"], value: string) {
  if (value === DEFAULT) return { kind, use_default: true };
  return { kind, channel_id: value === NOWHERE ? null : value, use_default: false };
}
