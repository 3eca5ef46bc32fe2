import { Link, useSearch } from "@tanstack/react-router";
import type { ActionState } from "@/api/types";
import { Page, Panel } from "@/design/panel";
import { ActionList } from "./actions/action-list";
import { WAITING } from "./actions/queries";
import { EnforcementPanel } from "./enforcement/enforcement-form";

const EVERY: readonly ActionState[] = [];

const TAB =
  "inline-flex h-8 items-center border-b-2 border-transparent px-1 text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink";

export function AutopilotRoom() {
  const { show = "waiting" } = useSearch({ from: "/signed-in/autopilot" });
  return (
    <Page title="Autopilot" lead="Each change: proposed, gated, written, read back, watched.">
      <Panel
        title="Actions"
        aside={
          <nav aria-label="Which actions" className="flex gap-4">
            <Link
              to="/autopilot"
              search={{ show: undefined }}
              className={TAB}
              aria-current={show === "waiting" ? "page" : undefined}
            >
              Waiting
            </Link>
            <Link
              to="/autopilot"
              search={{ show: "all" }}
              className={TAB}
              aria-current={show === "all" ? "page" : undefined}
            >
              All
            </Link>
          </nav>
        }
      >
        <ActionList states={show === "waiting" ? WAITING : EVERY} />
      </Panel>
      <EnforcementPanel />
    </Page>
  );
}
