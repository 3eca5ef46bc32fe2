import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Stop, StopCampaign } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK, LINK } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { Moment, Money } from "@/design/figures";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { ReasonForm } from "@/design/reason-form";
import { Empty, Loaded } from "@/design/states";
import { ActionStatus, Status } from "@/design/status";
import { plural, words } from "@/format/words";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { killSwitchQuery } from "../kill_switch/queries";
import { OutOfReach } from "./out-of-reach";
import { progressOf, stageOf } from "./progress";
import { stopCampaignsQuery, stopQuery, useGiveBack } from "./queries";

export function StopRoom() {
  const { stopId } = useParams({ from: "/signed-in/autopilot/stops/$stopId" });
  const stop = useQuery(stopQuery(stopId));
  return (
    <Loaded query={stop} rows={8}>
      {(found) => <StopPage stop={found} />}
    </Loaded>
  );
}

function StopPage({ stop }: { stop: Stop }) {
  const { tone, name } = stageOf(stop);
  return (
    <Page
      title={words(stop.kind)}
      lead={<Status tone={tone}>{name}</Status>}
      actions={(stop.given_back_at === null || stop.owed > 0) && <GiveBack stop={stop} />}
    >
      <Panel title="What happened">
        <Happened stop={stop} />
      </Panel>
      {stop.out_of_reach.length > 0 && (
        <Panel title="Out of reach">
          <div className="p-4">
            <OutOfReach accounts={stop.out_of_reach} />
          </div>
        </Panel>
      )}
      <Campaigns stop={stop} />
    </Page>
  );
}

function Happened({ stop }: { stop: Stop }) {
  const accounts = useQuery(adAccountsQuery).data?.items ?? [];
  const account = accounts.find(({ id }) => id === stop.ad_account_id);
  return (
    <Facts className="p-4">
      <Fact term="So far">
        <span role="status">{progressOf(stop).join(", ")}.</span>
      </Fact>
      <Fact term="Of">
        {stop.ad_account_id === null ? "The whole company" : (account?.name ?? "One account")}
      </Fact>
      <Fact term="Asked by">
        {stop.asked_by}, <Moment at={stop.asked_at} />
      </Fact>
      <Fact term="Why">{stop.reason}</Fact>
      {stop.given_back_at !== null && (
        <>
          <Fact term="Given back by">
            {stop.given_back_by}, <Moment at={stop.given_back_at} />
          </Fact>
          <Fact term="Why then">{stop.given_back_reason}</Fact>
        </>
      )}
    </Facts>
  );
}

const FIRST =
  "Those that it paused, that the platform confirmed, and that nobody has touched since. Each goes through the gate under your name: what signal health does not let pass is held, and can be tried again.";
const AGAIN =
  "Those that the gate blocked or holds, that nobody approved in time, or that a kill switch or a later stop kept, if nobody has touched them since. Each is decided anew, under your name.";

/** Not while everything is frozen: nothing could be enabled. */
function GiveBack({ stop }: { stop: Stop }) {
  const mayStop = useCan("autopilot.stops:write");
  const frozen = useQuery(killSwitchQuery).data?.engaged === true;
  const giveBack = useGiveBack(stop.id);
  const [open, setOpen] = useState(false);
  if (!mayStop) return null;
  const again = stop.given_back_at !== null;
  const close = () => {
    setOpen(false);
  };
  return (
    <>
      {frozen && <span className="text-ink-2">Release the kill switch to give it back.</span>}
      <Button
        tone="primary"
        disabled={frozen}
        onClick={() => {
          setOpen(true);
        }}
      >
        {again ? `Try ${plural(stop.owed, "campaign")} again` : "Give back"}
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={again ? "Try those again that are paused still?" : "Enable again what this stop paused?"}
        description={again ? AGAIN : FIRST}
      >
        <ReasonForm
          verb={again ? "Try again" : "Give back"}
          cancel="Not now"
          act={giveBack.mutate}
          pending={giveBack.isPending}
          error={giveBack.error}
          onDone={close}
        />
      </Dialog>
    </>
  );
}

function Campaigns({ stop }: { stop: Stop }) {
  const [page, setPage] = useState(1);
  const campaigns = useQuery(stopCampaignsQuery(stop, page));
  return (
    <Panel title="Campaigns, the dearest first">
      <Loaded query={campaigns} rows={6}>
        {(found) =>
          found.items.length === 0 ? (
            <Empty title="No campaign was active that it could write to." />
          ) : (
            <>
              <ul>
                {found.items.map((each) => (
                  <CampaignLine key={each.campaign_id} campaign={each} />
                ))}
              </ul>
              {found.pages > 1 && (
                <nav
                  aria-label="Pages"
                  className="flex items-center justify-end gap-3 border-t border-line px-4 py-2"
                >
                  <span className="text-ink-2">
                    {found.page} of {found.pages}
                  </span>
                  <Button
                    disabled={!found.has_prev}
                    onClick={() => {
                      setPage(page - 1);
                    }}
                  >
                    Before
                  </Button>
                  <Button
                    disabled={!found.has_next}
                    onClick={() => {
                      setPage(page + 1);
                    }}
                  >
                    After
                  </Button>
                </nav>
              )}
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

function CampaignLine({ campaign }: { campaign: StopCampaign }) {
  return (
    <li className="grid gap-x-4 gap-y-1 border-b border-line px-4 py-2.5 last:border-b-0 sm:grid-cols-[minmax(0,1fr)_120px_160px_160px]">
      <div className="min-w-0">
        <Link
          to="/campaigns/$campaignId"
          params={{ campaignId: campaign.campaign_id }}
          className={ENTRY_LINK}
        >
          {campaign.name}
        </Link>
        {campaign.sentence !== null && <p className="text-ink-2">{campaign.sentence}</p>}
      </div>
      <span className="sm:text-right">
        <Money micros={campaign.daily_micros} currency={campaign.currency} why="its budget is not known" /> a
        day
      </span>
      <ActionLink
        name="Pause"
        actionId={campaign.action_id}
        state={campaign.state}
        none={noPause(campaign)}
      />
      <ActionLink
        name="Enable"
        actionId={campaign.enable_action_id}
        state={campaign.enable_state}
        none={campaign.kept === null ? null : "Left out"}
      />
    </li>
  );
}

function noPause({ passed_over }: StopCampaign): string {
  return passed_over === null ? "Its turn comes" : "Passed over";
}

interface ActionLinkProps {
  name: string;
  actionId: string | null;
  state: string | null;
  /** Said where there is no action. */
  none: string | null;
}

function ActionLink({ name, actionId, state, none }: ActionLinkProps) {
  if (actionId === null || state === null)
    return none === null ? <span className="max-sm:hidden" /> : <Status tone="muted">{none}</Status>;
  return (
    <span className="flex flex-wrap items-center gap-x-2">
      <ActionStatus state={state} />
      <Link to="/autopilot/actions/$actionId" params={{ actionId }} className={LINK}>
        {name}
      </Link>
    </span>
  );
}
