import { useSearch } from "@tanstack/react-router";
import type { ActionState } from "@/api/types";
import { Panel } from "@/design/panel";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { ActionList } from "./actions/action-list";
import { WAITING } from "./actions/queries";
import { AutopilotFrame } from "./autopilot-frame";

const EVERY: readonly ActionState[] = [];

export function AutopilotRoom() {
  const { show } = useSearch({ from: "/signed-in/autopilot" });
  return (
    <AutopilotFrame>
      <Panel
        title="Actions"
        aside={
          <PanelTabs label="Which actions">
            <PanelTab to="/autopilot" search={{ show: undefined }}>
              Waiting
            </PanelTab>
            <PanelTab to="/autopilot" search={{ show: "all" }}>
              All
            </PanelTab>
          </PanelTabs>
        }
      >
        <ActionList states={show === "all" ? EVERY : WAITING} />
      </Panel>
    </AutopilotFrame>
  );
}
