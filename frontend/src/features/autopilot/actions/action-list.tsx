import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Action, ActionState } from "@/api/types";
import { Button } from "@/design/button";
import { BeforeAfter } from "@/design/change";
import { Age } from "@/design/figures";
import { Empty, ErrorNote, Skeleton } from "@/design/states";
import { ActionStatus } from "@/design/status";
import { words } from "@/format/words";
import { ActionButtons } from "./action-buttons";
import { actionsQuery } from "./queries";

export function ActionList({ status }: { status: ActionState | null }) {
  const actions = useInfiniteQuery(actionsQuery(status));
  if (actions.data === undefined)
    return actions.isError ? (
      <ErrorNote error={actions.error} onRetry={() => void actions.refetch()} />
    ) : (
      <Skeleton rows={6} />
    );
  const items = actions.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <NothingHere status={status} />;
  return (
    <>
      <ul>
        {items.map((action) => (
          <ActionLine key={action.id} action={action} />
        ))}
      </ul>
      {actions.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button tone="quiet" busy={actions.isFetchingNextPage} onClick={() => void actions.fetchNextPage()}>
            Earlier actions
          </Button>
        </div>
      )}
    </>
  );
}

function NothingHere({ status }: { status: ActionState | null }) {
  return status === "awaiting_approval" ? (
    <Empty title="Nothing waits for approval.">
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
        <ActionStatus state={action.status} />
        <span className="text-sm text-ink-3 sm:pl-3.5">
          <Age at={action.proposed_at} />
        </span>
      </div>
      <div className="min-w-0">
        <h3>
          <Link
            to="/autopilot/actions/$actionId"
            params={{ actionId: action.id }}
            className="font-medium underline decoration-line-strong underline-offset-2 hover:decoration-current"
          >
            {words(action.operation)}
          </Link>{" "}
          <span className="text-ink-2">{action.entity_name ?? action.entity_id}</span>
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
        {action.status === "awaiting_approval" && action.expires_at !== null && (
          <p className="text-sm text-ink-3">
            Expires <Age at={action.expires_at} />
          </p>
        )}
      </div>
      <ActionButtons action={action} />
    </li>
  );
}
