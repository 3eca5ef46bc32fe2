import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { CampaignOffer, Draft } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { SelectField, TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { words } from "@/format/words";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { CampaignsFrame } from "../campaigns-frame";
import { DRAFT_TONES } from "./plan";
import { draftsQuery, offersQuery, useCreateDraft } from "./queries";

/** Campaigns in the making: each is planned, decided on by somebody else, and then created at its platform. */
export function DraftsRoom() {
  const mayWrite = useCan("campaigns.drafts:write");
  const drafts = useInfiniteQuery(draftsQuery);
  const [open, setOpen] = useState(false);
  return (
    <CampaignsFrame>
      <Panel
        title="Drafts"
        aside={
          mayWrite && (
            <Button
              onClick={() => {
                setOpen(true);
              }}
            >
              Plan a campaign
            </Button>
          )
        }
      >
        <Listed
          query={drafts}
          more="Earlier drafts"
          empty={
            <Empty title="No drafts yet.">
              A draft is a campaign in the making. Somebody else approves it; then it is created at the
              platform, paused, through the gate.
            </Empty>
          }
        >
          {(items) => <DraftTable drafts={items} />}
        </Listed>
      </Panel>
      <Dialog open={open} onOpenChange={setOpen} title="Plan a campaign">
        <NewDraft />
      </Dialog>
    </CampaignsFrame>
  );
}

function DraftTable({ drafts }: { drafts: readonly Draft[] }) {
  return (
    <Table label="Drafts">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>State</Th>
          <Th>Platform</Th>
          <Th>Changed by</Th>
          <Th>Changed</Th>
        </tr>
      </thead>
      <tbody>
        {drafts.map((draft) => (
          <Tr key={draft.id}>
            <Td>
              <Link to="/campaigns/drafts/$draftId" params={{ draftId: draft.id }} className={LINK}>
                {draft.name === "" ? "Without a name" : draft.name}
              </Link>
            </Td>
            <Td>
              <Status tone={DRAFT_TONES[draft.status]}>{words(draft.status)}</Status>
            </Td>
            <Td>{words(draft.platform)}</Td>
            <Td>{draft.updated_by}</Td>
            <Td>
              <Age domain at={draft.updated_at} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function NewDraft() {
  const navigate = useNavigate();
  const accounts = useQuery(adAccountsQuery);
  const offers = useQuery(offersQuery);
  const create = useCreateDraft();
  const fields = fieldsOf(create.error);
  const items = (accounts.data?.items ?? []).filter(({ enabled }) => enabled);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const plan = { name: formText(event.currentTarget, "name") };
    create.mutate(
      { ad_account_id: formText(event.currentTarget, "account"), plan },
      {
        onSuccess: ({ id }) => {
          void navigate({ to: "/campaigns/drafts/$draftId", params: { draftId: id } });
        },
      },
    );
  };
  if (accounts.data !== undefined && items.length === 0)
    return (
      <p className="text-ink-2">
        No ad account is enabled yet. Connect one with the right to write under Settings, Connections.
      </p>
    );
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField label="Name" name="name" required maxLength={600} error={fields["plan.name"]} />
      <SelectField
        key={accounts.data === undefined ? "loading" : "loaded"}
        label="Ad account"
        name="account"
        required
        defaultValue=""
        error={fields["ad_account_id"]}
      >
        <option value="" disabled>
          Choose one
        </option>
        {items.map(({ id, name, platform }) => (
          <option key={id} value={id} disabled={!isOffered(offers.data, platform)}>
            {name}
            {isOffered(offers.data, platform) ? "" : ` (${words(platform)}: not offered yet)`}
          </option>
        ))}
      </SelectField>
      <FormError error={create.error} />
      <div className="flex justify-end">
        <Button type="submit" tone="primary" busy={create.isPending}>
          Begin
        </Button>
      </div>
    </form>
  );
}

const isOffered = (offers: readonly CampaignOffer[] | undefined, platform: string) =>
  offers?.some((each) => each.platform === platform && each.offered) ?? false;
