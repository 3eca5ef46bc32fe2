import { useSearch } from "@tanstack/react-router";
import { Page, Panel } from "@/design/panel";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { Connections } from "../integrations/connections/connections";
import { FirstEvent } from "./first-event";
import { SourceKey } from "./source-key";

export function FirstRunRoom() {
  const { connected, error } = useSearch({ from: "/signed-in/connect" });
  return (
    <Page title="Connect" lead="Two things: your shop’s events, and the platform that you advertise on.">
      <Panel title="1. Your shop’s events" aside={<FirstEvent />}>
        <SourceKey />
      </Panel>
      <Panel title="2. The ad platform">
        <div role="status">
          {connected !== undefined && (
            <p className="border-b border-line px-4 py-2">
              <Status tone="pass">{words(connected)} is connected. Its campaigns are being read.</Status>
            </p>
          )}
          {error !== undefined && (
            <p className="border-b border-line px-4 py-2">
              <Status tone="block">The platform was not connected: {words(error)}.</Status>
            </p>
          )}
        </div>
        <Connections />
      </Panel>
    </Page>
  );
}
