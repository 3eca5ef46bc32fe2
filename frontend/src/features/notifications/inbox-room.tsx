import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { LINK } from "@/design/classes";
import { Listed } from "@/design/listed";
import { Page, Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { InboxList } from "./inbox-list";
import { inboxQuery, unreadQuery } from "./queries";
import { ReadAll } from "./read-all";

export function InboxRoom() {
  const { show } = useSearch({ from: "/signed-in/notifications" });
  const inbox = useInfiniteQuery(inboxQuery(show === "unread"));
  const unread = useQuery(unreadQuery);
  return (
    <Page
      title="Notifications"
      lead={
        <>
          What you are told, and by which ways,{" "}
          <Link to="/settings/notifications" className={LINK}>
            is yours to choose
          </Link>
          .
        </>
      }
      actions={
        <ReadAll
          count={unread.data?.unread ?? 0}
          seenAt={inbox.data?.pages[0]?.items[0]?.received_at ?? null}
        />
      }
    >
      <Panel title="Inbox" aside={<Which />}>
        <Listed
          query={inbox}
          more="Earlier ones"
          empty={
            <Empty title={show === "unread" ? "You have read everything." : "You were told nothing yet."}>
              Incidents, approvals, connections that need a sign-in and tasks that were given up come here.
            </Empty>
          }
        >
          {(items) => <InboxList items={items} />}
        </Listed>
      </Panel>
    </Page>
  );
}

function Which() {
  return (
    <PanelTabs label="Which notifications">
      <PanelTab to="/notifications" search={{ show: undefined }}>
        All
      </PanelTab>
      <PanelTab to="/notifications" search={{ show: "unread" }}>
        Unread
      </PanelTab>
    </PanelTabs>
  );
}
