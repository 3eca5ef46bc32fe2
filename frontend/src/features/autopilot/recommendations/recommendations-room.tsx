import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Recommendation } from "@/api/types";
import { Button } from "@/design/button";
import { BeforeAfter } from "@/design/change";
import { LINK } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { ReasonForm } from "@/design/reason-form";
import { Empty } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { words } from "@/format/words";
import { AutopilotFrame } from "../autopilot-frame";
import { effectInWords } from "./effect";
import { recommendationsQuery, type Shown, useAccept, useDismissRecommendation } from "./queries";

const TONES: Readonly<Record<string, Tone>> = { open: "hold", accepted: "pass" };

export function RecommendationsRoom() {
  const { show } = useSearch({ from: "/signed-in/autopilot/recommendations" });
  return (
    <AutopilotFrame>
      <Panel
        title="What strategies would do"
        aside={
          <PanelTabs label="Which recommendations">
            <PanelTab to="/autopilot/recommendations" search={{ show: undefined }}>
              Open
            </PanelTab>
            <PanelTab to="/autopilot/recommendations" search={{ show: "all" }}>
              All
            </PanelTab>
          </PanelTabs>
        }
      >
        <RecommendationList shown={show ?? "open"} />
      </Panel>
    </AutopilotFrame>
  );
}

function RecommendationList({ shown }: { shown: Shown }) {
  const found = useInfiniteQuery(recommendationsQuery(shown));
  return (
    <Listed
      query={found}
      more="Earlier recommendations"
      empty={
        <Empty title="No strategy would change anything now.">
          They look once an hour, at mature days alone. What they do by themselves stands among the actions.
        </Empty>
      }
    >
      {(items) => (
        <ul>
          {items.map((each) => (
            <RecommendationLine key={each.id} recommendation={each} />
          ))}
        </ul>
      )}
    </Listed>
  );
}

function RecommendationLine({ recommendation }: { recommendation: Recommendation }) {
  const { subject, strategy, sentence, changes, effect, currency, state, made_at } = recommendation;
  return (
    <li className="grid gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0 sm:grid-cols-[140px_minmax(0,1fr)_auto]">
      <div className="flex gap-3 text-ink-2 sm:flex-col sm:gap-0">
        <Status tone={TONES[state] ?? "muted"}>{words(state)}</Status>
        <span className="text-sm text-ink-3 sm:pl-3.5">
          <Age domain at={made_at} />
        </span>
      </div>
      <div className="min-w-0 space-y-1">
        <h3>
          <span className="font-medium">{words(strategy)}</span> <span className="text-ink-2">{subject}</span>
        </h3>
        <p className="max-w-prose text-ink-2">{sentence}</p>
        <ul>
          {changes.map((change) => (
            <li key={change.campaign_id}>
              {changes.length > 1 && <span className="text-ink-2">{change.name}: </span>}
              {Object.keys(change.after).map((name) => (
                <BeforeAfter
                  key={name}
                  name={name}
                  before={change.before[name]}
                  after={change.after[name]}
                  currency={currency}
                />
              ))}
              {changes.length > 1 && <p className="max-w-prose text-sm text-ink-3">{change.sentence}</p>}
            </li>
          ))}
        </ul>
        {effect !== null && <p className="max-w-prose">{effectInWords(effect, currency)}</p>}
        <Ending recommendation={recommendation} />
      </div>
      <Answers recommendation={recommendation} />
    </li>
  );
}

function Ending({ recommendation }: { recommendation: Recommendation }) {
  const { state, expires_at, ended_by, note, action_ids } = recommendation;
  if (state === "open")
    return (
      <p className="text-sm text-ink-3">
        Lapses <Age domain at={expires_at} /> unless the figures still call for it.
      </p>
    );
  return (
    <p className="flex flex-wrap gap-x-3 text-sm text-ink-3">
      <span>{[ended_by, note].filter((each) => each !== null).join(": ")}</span>
      {action_ids.map((id, place) => (
        <Link key={id} to="/autopilot/actions/$actionId" params={{ actionId: id }} className={LINK}>
          {action_ids.length > 1 ? `Action ${String(place + 1)}` : "The action"}
        </Link>
      ))}
    </p>
  );
}

type Asking = "accept" | "dismiss" | null;

/** A yes goes through the gate under the person's name; both answers carry their reason. */
function Answers({ recommendation }: { recommendation: Recommendation }) {
  const mayDecide = useCan("autopilot.recommendations:decide");
  const accept = useAccept(recommendation.id, recommendation.version);
  const dismiss = useDismissRecommendation(recommendation.id);
  const [asking, setAsking] = useState<Asking>(null);
  const close = () => {
    setAsking(null);
  };
  if (!mayDecide || recommendation.state !== "open") return null;
  return (
    <div className="flex gap-2 self-start">
      {recommendation.changes.length > 0 && (
        <Button
          tone="primary"
          className="max-sm:flex-1"
          onClick={() => {
            setAsking("accept");
          }}
        >
          Accept
        </Button>
      )}
      <Button
        className="max-sm:flex-1"
        onClick={() => {
          setAsking("dismiss");
        }}
      >
        Dismiss
      </Button>
      <Dialog
        open={asking === "accept"}
        onOpenChange={close}
        title="Have it done?"
        description="It goes through the gate under your name. Of several budgets the cuts go first; raises follow once the platform holds them."
      >
        <ReasonForm
          verb="Accept"
          cancel="Not now"
          act={accept.mutate}
          pending={accept.isPending}
          error={accept.error}
          onDone={close}
        />
      </Dialog>
      <Dialog open={asking === "dismiss"} onOpenChange={close} title="Dismiss this recommendation?">
        <ReasonForm
          verb="Dismiss"
          cancel="Keep it"
          hint="The same is not recommended again for a week."
          act={dismiss.mutate}
          pending={dismiss.isPending}
          error={dismiss.error}
          onDone={close}
        />
      </Dialog>
    </div>
  );
}
