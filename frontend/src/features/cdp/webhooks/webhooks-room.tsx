import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { useCreateWebhook, webhooksQuery } from "./queries";
import { Secret } from "./secret";
import { WebhookForm } from "./webhook-form";
import { WebhookLine } from "./webhook-line";

export function WebhooksRoom() {
  const mayWrite = useCan("cdp.webhooks:write");
  const webhooks = useQuery(webhooksQuery);
  const [open, setOpen] = useState(false);
  const create = useCreateWebhook();
  const made = create.data;
  return (
    <SettingsFrame>
      <Panel
        title="Webhooks"
        aside={
          mayWrite && (
            <Button
              onClick={() => {
                create.reset();
                setOpen(true);
              }}
            >
              New webhook
            </Button>
          )
        }
      >
        <div role="status">
          {made !== undefined && (
            <div className="border-b border-line p-4">
              <Secret secret={made.secret} name={made.name} />
              <Button
                className="mt-3"
                onClick={() => {
                  create.reset();
                }}
              >
                I have kept it
              </Button>
            </div>
          )}
        </div>
        <Loaded query={webhooks}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No webhooks.">
                A webhook tells another system of yours whenever somebody appears, changes, or enters or
                leaves a segment.
              </Empty>
            ) : (
              <ul>
                {items.map((webhook) => (
                  <WebhookLine key={webhook.id} webhook={webhook} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      <Dialog open={open} onOpenChange={setOpen} title="New webhook">
        <WebhookForm
          label="Make it"
          busy={create.isPending}
          error={create.error}
          onSubmit={(wish) => {
            create.mutate(wish, {
              onSuccess: () => {
                setOpen(false);
              },
            });
          }}
        />
      </Dialog>
    </SettingsFrame>
  );
}
