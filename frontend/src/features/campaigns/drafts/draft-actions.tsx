import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { DraftDetail } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { ReasonForm } from "@/design/reason-form";
import { useApproveDraft, useDeleteDraft, usePublishDraft, useRejectDraft, useSubmitDraft } from "./queries";

interface DraftActionsProps {
  draft: DraftDetail;
  /** All of it is saved, and nothing stands in the way. */
  ready: boolean;
  onError: (error: Error | null) => void;
}

/** What may be done next with it, and by whom. */
export function DraftActions({ draft, ready, onError }: DraftActionsProps) {
  const mayApprove = useCan("campaigns.drafts:approve") && draft.may_approve;
  const isOpen = draft.status === "draft" || draft.status === "rejected";
  return (
    <>
      {isOpen && <Open draft={draft} ready={ready} onError={onError} />}
      {draft.status === "submitted" && mayApprove && (
        <>
          <Decide draft={draft} verb="Reject" />
          <Decide draft={draft} verb="Approve" />
        </>
      )}
      {(draft.status === "approved" || draft.status === "failed") && (
        <Publish draft={draft} onError={onError} />
      )}
    </>
  );
}

/** Of a draft that nobody has been asked about: it is deleted, or submitted. */
function Open({ draft, ready, onError }: DraftActionsProps) {
  const mayWrite = useCan("campaigns.drafts:write");
  const submit = useSubmitDraft(draft.id);
  const remove = useDeleteDraft(draft.id);
  const navigate = useNavigate();
  const standsSomewhere = draft.log.some(({ external_id }) => external_id !== null);
  if (!mayWrite) return null;
  return (
    <>
      {!standsSomewhere && (
        <ConfirmButton
          label="Delete"
          title="Delete this draft?"
          act={async () => {
            await remove.mutateAsync(undefined);
            await navigate({ to: "/campaigns/drafts" });
          }}
        >
          Nothing of it stands at a platform. It cannot be brought back.
        </ConfirmButton>
      )}
      <Button
        tone="primary"
        busy={submit.isPending}
        disabled={!ready}
        onClick={() => {
          submit.mutate(draft.version, told(onError));
        }}
      >
        Submit for approval
      </Button>
    </>
  );
}

function Publish({ draft, onError }: Omit<DraftActionsProps, "ready">) {
  const mayPublish = useCan("campaigns.drafts:publish");
  const publish = usePublishDraft(draft.id);
  if (!mayPublish) return null;
  return (
    <Button
      tone="primary"
      busy={publish.isPending}
      onClick={() => {
        publish.mutate(draft.version, told(onError));
      }}
    >
      {draft.status === "failed" ? "Publish again" : "Publish"}
    </Button>
  );
}

const told = (onError: (error: Error | null) => void) => ({
  onError,
  onSuccess: () => {
    onError(null);
  },
});

function Decide({ draft, verb }: { draft: DraftDetail; verb: "Approve" | "Reject" }) {
  const [open, setOpen] = useState(false);
  const approve = useApproveDraft(draft.id);
  const reject = useRejectDraft(draft.id);
  const decide = verb === "Approve" ? approve : reject;
  return (
    <>
      <Button
        tone={verb === "Approve" ? "primary" : "plain"}
        onClick={() => {
          setOpen(true);
        }}
      >
        {verb}
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={verb === "Approve" ? "Approve exactly this version?" : "Reject this version?"}
        description={
          verb === "Approve"
            ? "A change afterwards takes the approval away."
            : "It may be mended and submitted again."
        }
      >
        <ReasonForm
          verb={verb}
          tone={verb === "Approve" ? "primary" : "danger"}
          act={(reason, options) => {
            decide.mutate({ version: draft.version, reason }, options);
          }}
          pending={decide.isPending}
          error={decide.error}
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}
