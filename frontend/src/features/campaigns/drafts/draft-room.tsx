import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { AdAccount, DraftDetail, Validation } from "@/api/types";
import { LINK } from "@/design/classes";
import { Age } from "@/design/figures";
import { fieldsOf, FormError } from "@/design/form";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { DraftActions } from "./draft-actions";
import { DRAFT_TONES } from "./plan";
import { type Faults, PlanForm } from "./plan-form";
import { PublishLog } from "./publish-log";
import { draftQuery, offersQuery, validationQuery } from "./queries";

const ENDED: ReadonlySet<string> = new Set(["publishing", "published"]);

export function DraftRoom() {
  const { draftId } = useParams({ from: "/signed-in/campaigns/drafts/$draftId" });
  const draft = useQuery(draftQuery(draftId));
  const accounts = useQuery(adAccountsQuery);
  return (
    <Loaded query={draft} rows={10}>
      {(data) => (
        <Loaded query={accounts} rows={10}>
          {({ items }) => (
            <DraftPage draft={data} account={items.find(({ id }) => id === data.ad_account_id)} />
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

function DraftPage({ draft, account }: { draft: DraftDetail; account: AdAccount | undefined }) {
  const mayWrite = useCan("campaigns.drafts:write");
  const offers = useQuery(offersQuery);
  const isEnded = ENDED.has(draft.status);
  const validation = useQuery({ ...validationQuery(draft.id, draft.version), enabled: !isEnded });
  const [refused, setRefused] = useState<Error | null>(null);
  // By its version: a new one begins with all of it saved.
  const [unsavedAt, setUnsavedAt] = useState<number | null>(null);
  const ready = unsavedAt !== draft.version && validation.data?.valid === true;
  const faults = isEnded ? {} : { ...byField(validation.data), ...fieldsOf(refused) };
  return (
    <Page
      title={draft.name === "" ? "Campaign without a name" : draft.name}
      lead={<Status tone={DRAFT_TONES[draft.status]}>{words(draft.status)}</Status>}
      actions={<DraftActions draft={draft} ready={ready} onError={setRefused} />}
    >
      <FormError error={refused} />
      <Whole draft={draft} fault={faults["ad_account_id"]} />
      <PlanForm
        key={draft.version}
        draft={draft}
        account={account}
        offer={offers.data?.find(({ platform }) => platform === draft.platform)}
        faults={faults}
        editable={mayWrite && !isEnded}
        onUnsaved={(unsaved) => {
          setUnsavedAt(unsaved ? draft.version : null);
        }}
      />
      <PublishLog steps={draft.log} />
      <History draft={draft} account={account} />
    </Page>
  );
}

function byField(found: Validation | undefined): Faults {
  return Object.fromEntries((found?.faults ?? []).map(({ field, message }) => [field, message]));
}

/** What concerns the draft as a whole: why it failed, who has to mend what, where it stands. */
function Whole({ draft, fault }: { draft: DraftDetail; fault: string | undefined }) {
  return (
    <>
      {fault !== undefined && (
        <p role="alert" className="border-l-2 border-block px-4 py-3">
          {fault}
        </p>
      )}
      {draft.status === "failed" && (
        <div role="alert" className="border-l-2 border-block px-4 py-3">
          <p className="font-medium">{draft.error_detail}</p>
          <p className="mt-1 font-mono text-sm text-ink-2">{draft.error_code}</p>
        </div>
      )}
      {draft.status === "rejected" && (
        <p className="border-l-2 border-hold px-4 py-3">
          Rejected by {draft.decided_by}: {draft.decision_reason}
        </p>
      )}
      {draft.status === "published" && (
        <p role="status" className="border-l-2 border-pass px-4 py-3">
          It stands at the platform, paused.{" "}
          {draft.campaign_id === null ? (
            "It appears among the campaigns with the next sync."
          ) : (
            <Link to="/campaigns/$campaignId" params={{ campaignId: draft.campaign_id }} className={LINK}>
              Open the campaign
            </Link>
          )}
        </p>
      )}
    </>
  );
}

function History({ draft, account }: { draft: DraftDetail; account: AdAccount | undefined }) {
  return (
    <Panel title="History">
      <Facts className="p-4">
        <Fact term="Ad account">
          {account?.name ?? "not shown"}, {words(draft.platform)}
        </Fact>
        <Fact term="Begun">
          {draft.created_by}, <Age at={draft.created_at} />
        </Fact>
        <Fact term="Changed last">
          {draft.updated_by}, <Age domain at={draft.updated_at} />
        </Fact>
        {draft.submitted_by !== null && (
          <Fact term="Submitted">
            {draft.submitted_by}, <Age domain at={draft.submitted_at} />
          </Fact>
        )}
        {draft.decided_by !== null && (
          <Fact term="Decided">
            {draft.decided_by}, <Age domain at={draft.decided_at} />
            {draft.decision_reason !== null && <>: {draft.decision_reason}</>}
          </Fact>
        )}
      </Facts>
    </Panel>
  );
}
