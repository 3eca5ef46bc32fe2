import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { Deliveries } from "./deliveries";
import { channelsQuery, deliveriesQuery, whatsappQuery } from "./queries";
import { SlackPanel } from "./slack-panel";
import { TestButton } from "./test-button";
import { WebhookPanel } from "./webhook-panel";
import { WhatsAppPanel } from "./whatsapp-panel";

export function ChannelsRoom() {
  const channels = useQuery(channelsQuery);
  const whatsapp = useQuery(whatsappQuery);
  return (
    <SettingsFrame>
      <Panel title="E-mail">
        <Loaded query={channels} rows={2}>
          {({ email }) => (
            <div className="flex flex-wrap items-start justify-between gap-3 p-4">
              <Facts>
                <Fact term="State">
                  {email.delivers ? (
                    <Status tone="pass">On</Status>
                  ) : (
                    <Status tone="block">No mail server is set up: nothing leaves</Status>
                  )}
                </Fact>
                <Fact term="From">{email.sender}</Fact>
              </Facts>
              <TestButton channel="email" label="Send a test to me" />
            </div>
          )}
        </Loaded>
      </Panel>
      <Panel title="Slack">
        <Loaded query={channels}>{({ slack }) => <SlackPanel key={slack?.team_id} slack={slack} />}</Loaded>
      </Panel>
      <Panel title="WhatsApp">
        <Loaded query={whatsapp}>{(found) => <WhatsAppPanel whatsapp={found.whatsapp} />}</Loaded>
      </Panel>
      <Panel title="Webhook">
        <Loaded query={channels}>{({ webhook }) => <WebhookPanel webhook={webhook} />}</Loaded>
      </Panel>
      <Log />
    </SettingsFrame>
  );
}

function Log() {
  const { show } = useSearch({ from: "/signed-in/settings/channels" });
  const deliveries = useInfiniteQuery(deliveriesQuery(show));
  return (
    <Panel title="What left" aside={<Which />}>
      <Listed
        query={deliveries}
        more="Earlier ones"
        empty={
          <Empty title={show === undefined ? "No message has left yet." : "There is none of these."}>
            Every message of the last 30 days stands here, with what became of it.
          </Empty>
        }
      >
        {(items) => <Deliveries items={items} />}
      </Listed>
    </Panel>
  );
}

function Which() {
  return (
    <PanelTabs label="Which messages">
      <PanelTab to="/settings/channels" search={{ show: undefined }}>
        All
      </PanelTab>
      <PanelTab to="/settings/channels" search={{ show: "waiting" }}>
        Failed
      </PanelTab>
      <PanelTab to="/settings/channels" search={{ show: "dead" }}>
        Given up
      </PanelTab>
    </PanelTabs>
  );
}
