import { useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import { Page, Panel } from "@/design/panel";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { Connections } from "../integrations/connections/connections";
import { CrmAccounts } from "../integrations/crm/crm-accounts";
import { Shops } from "../integrations/shops/shops";
import { FirstEvent } from "./first-event";
import { SourceKey } from "./source-key";

export function FirstRunRoom() {
  const mayReadCrm = useCan("integrations.crm:read");
  const mayReadShops = useCan("integrations.shops:read");
  const { platform, status, code } = useSearch({ from: "/signed-in/connect" });
  return (
    <Page
      title="Connect"
      lead="Two things first: your shop’s events, and the platform that you advertise on. Orders and a CRM where you have them."
    >
      <Panel title="1. Your shop’s events" aside={<FirstEvent />}>
        <SourceKey />
      </Panel>
      <Panel title="2. The ad platform">
        <div role="status">
          {status !== undefined && (
            <p className="border-b border-line px-4 py-2">
              <Outcome platform={platform ?? "meta"} status={status} code={code} />
            </p>
          )}
        </div>
        <Connections />
      </Panel>
      {mayReadShops && (
        <Panel title="3. Your shop’s own orders">
          <Shops />
        </Panel>
      )}
      {mayReadCrm && (
        <Panel title={`${mayReadShops ? 4 : 3}. Your CRM, if you have one`}>
          <CrmAccounts />
        </Panel>
      )}
    </Page>
  );
}

interface OutcomeProps {
  platform: string;
  status: "connected" | "cancelled" | "failed";
  code: string | undefined;
}

function Outcome({ platform, status, code }: OutcomeProps) {
  const name = words(platform);
  if (status === "connected") return <Status tone="pass">{name} is connected.</Status>;
  if (status === "cancelled")
    return <Status tone="muted">{name} was not connected: consent was not given.</Status>;
  return (
    <Status tone="block">
      <span>
        {name} was not connected. <code className="font-mono text-sm">{code ?? "no code was given"}</code>
      </span>
    </Status>
  );
}
