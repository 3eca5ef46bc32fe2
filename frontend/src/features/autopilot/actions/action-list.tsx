import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Action, ActionState } from "@/api/types";
import { BeforeAfter } from "@/design/change";
import { ENTRY_LINK } from "@/design/classes";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Empty } from "@/design/states";
import { ActionStatus } from "@/design/status";
import { VerdictChip } from "@/design/verdict";
import { words } from "@/format/words";
import { ActionButtons } from "./action-buttons";
import { actionsQuery } from "./queries";

export function ActionList({ states }: { states: readonly ActionState[] }) {
  const actions = useInfiniteQuery(actionsQuery(states));
  return (
    <Listed query={actions} more="Earlier actions" empty={<NothingHere waiting={states.length > 0} />}>
      {(items) => (
        <ul>
          {items.map((action) => (
            <ActionLine key={action.id} action={action} />
          ))}
        </ul>
      )}
    </Listed>
  );
}

function NothingHere({ waiting }: { waiting: boolean }) {
  return waiting ? (
    <Empty title="Nothing waits for you.">
      Proposals that need a person come here. Silence lets them expire.
    </Empty>
  ) : (
    <Empty title="The autopilot has not proposed anything yet.">
      It needs a connected ad account with enough conversions to judge by.
    </Empty>
  );
}

function ActionLine({ action }: { action: Action }) {
  return (
    <li className="grid gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0 sm:grid-cols-[140px_minmax(0,1fr)_auto]">
      <div className="flex gap-3 text-ink-2 sm:flex-col sm:gap-0">
        <ActionStatus state={action.state} />
        <span className="text-sm text-ink-3 sm:pl-3.5">
          <Age domain at={action.proposed_at} />
        </span>
      </div>
      <div className="min-w-0">
        <h3>
          <Link to="/autopilot/actions/$actionId" params={{ actionId: action.id }} className={ENTRY_LINK}>
            {words(action.operation)}
          </Link>{" "}
          <span className="text-ink-2">{action.entity_name}</span>
        </h3>
        {Object.keys(action.after).map((name) => (
          <p key={name}>
            <BeforeAfter
              name={name}
              before={action.before[name]}
              after={action.after[name]}
              currency={action.currency}
            />
          </p>
        ))}
        <p className="max-w-prose text-ink-2">{action.reason}</p>
        <Refusal action={action} />
        {action.state === "awaiting_approval" && (
          <p className="text-sm text-ink-3">
            Expires <Age domain at={action.expires_at} />
          </p>
        )}
      </div>
      <ActionButtons action={action} />
    </li>
  );
}

/** Why it is held or blocked: the gate's first reason that says so. */
function Refusal({ action }: { action: Action }) {
  const refusal = action.reasons.find(({ verdict }) => verdict !== "pass");
  if (refusal === undefined || !["held", "blocked", "awaiting_approval"].includes(action.state)) return null;
  return (
    <p className="mt-1 flex max-w-prose items-start gap-2">
      <VerdictChip verdict={refusal.verdict} />
      <span>{refusal.sentence}</span>
    </p>
  );
}
