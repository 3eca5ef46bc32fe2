import { Link, useSearch } from "@tanstack/react-router";
import type { ActionState } from "@/api/types";
import { Panel } from "@/design/panel";
import { PANEL_TAB } from "@/design/tabs";
import { ActionList } from "./actions/action-list";
import { WAITING } from "./actions/queries";
import { AutopilotFrame } from "./autopilot-frame";

const EVERY: readonly ActionState[] = [];

export function AutopilotRoom() {
  const { show = "waiting" } = useSearch({ from: "/signed-in/autopilot" });
  return (
    <AutopilotFrame>
      <Panel
        title="Actions"
        aside={
          <nav aria-label="Which actions" className="flex gap-4">
            <Link
              to="/autopilot"
              search={{ show: undefined }}
              className={PANEL_TAB}
              aria-current={show === "waiting" ? "page" : undefined}
            >
              Waiting
            </Link>
            <Link
              to="/autopilot"
              search={{ show: "all" }}
              className={PANEL_TAB}
              aria-current={show === "all" ? "page" : undefined}
            >
              All
            </Link>
          </nav>
        }
      >
        <ActionList states={show === "waiting" ? WAITING : EVERY} />
      </Panel>
    </AutopilotFrame>
  );
}
