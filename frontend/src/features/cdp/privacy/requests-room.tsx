import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { PrivacyRequest } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK } from "@/design/classes";
import { Moment } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { integer } from "@/format/numbers";
import { PeopleFrame } from "../people-frame";
import { shortId } from "../profiles/person";
import { NewRequest } from "./new-request";
import { requestsQuery } from "./queries";
import { Retention } from "./retention";
import { Due, KINDS, RequestStatus } from "./words";

export function RequestsRoom() {
  const { kind } = useSearch({ from: "/signed-in/people/requests" });
  const mayAsk = useCan("cdp.privacy:admin");
  const requests = useInfiniteQuery(requestsQuery(kind));
  const [asking, setAsking] = useState(false);
  return (
    <PeopleFrame>
      <Panel
        title="Requests"
        aside={
          <div className="flex flex-wrap items-center gap-4">
            <PanelTabs label="Which requests">
              <PanelTab to="/people/requests" search={{ kind: undefined }}>
                All
              </PanelTab>
              <PanelTab to="/people/requests" search={{ kind: "export" as const }}>
                Exports
              </PanelTab>
              <PanelTab to="/people/requests" search={{ kind: "erasure" as const }}>
                Erasures
              </PanelTab>
            </PanelTabs>
            {mayAsk && (
              <Button
                onClick={() => {
                  setAsking(true);
                }}
              >
                <Plus size={14} aria-hidden />
                New request
              </Button>
            )}
          </div>
        }
      >
        <Listed
          query={requests}
          more="Earlier requests"
          empty={
            <Empty title="Nobody has asked yet.">
              A person may have all that you hold of them, or have it erased. Both are done here, with every
              step, and by when the law wants it.
            </Empty>
          }
        >
          {(items) => <Requests items={items} />}
        </Listed>
      </Panel>
      <NewRequest open={asking} onOpenChange={setAsking} />
      <Retention />
    </PeopleFrame>
  );
}

function Requests({ items }: { items: readonly PrivacyRequest[] }) {
  return (
    <Table label="Requests">
      <thead>
        <tr>
          <Th>Request</Th>
          <Th>Status</Th>
          <Th>Person</Th>
          <Th>Asked</Th>
          <Th>Due</Th>
          <Th figure>Steps</Th>
        </tr>
      </thead>
      <tbody>
        {items.map((request) => (
          <Tr key={request.id} className={request.overdue ? "bg-block-soft" : undefined}>
            <Td>
              <Link
                to="/people/requests/$requestId"
                params={{ requestId: request.id }}
                className={ENTRY_LINK}
              >
                {KINDS[request.kind]}
              </Link>
            </Td>
            <Td>
              <RequestStatus request={request} />
            </Td>
            <Td>
              <code className="font-mono text-sm">{shortId(request.profile_id)}</code>
            </Td>
            <Td>
              <Moment at={request.requested_at} />
            </Td>
            <Td className="whitespace-nowrap">
              {request.status === "done" && request.finished_at !== null ? (
                <span className="text-ink-3">
                  done <Moment at={request.finished_at} />
                </span>
              ) : (
                <Due request={request} />
              )}
            </Td>
            <Td figure>
              {integer(request.steps_done)}
              {request.steps_total > 0 && ` of ${integer(request.steps_total)}`}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
