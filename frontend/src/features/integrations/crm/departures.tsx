import { useQuery } from "@tanstack/react-query";
import type { CrmAccount, CrmDeparture } from "@/api/types";
import { Age } from "@/design/figures";
import { Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { crmDeparturesQuery } from "./queries";

const WHY: Readonly<Record<CrmDeparture["why"], string>> = {
  deleted: "Deleted there",
  merged: "Merged into another",
  privacy: "Deleted for good; an erasure is proposed under Requests",
};

/** Contacts that are no longer there: nothing is written to them. */
export function Departures({ account }: { account: CrmAccount }) {
  const departures = useQuery(crmDeparturesQuery(account.id));
  return (
    <Loaded query={departures} rows={1}>
      {({ items }) => (
        <Table label="Contacts that are no longer there">
          <thead>
            <tr>
              <Th>Contact there</Th>
              <Th>Why</Th>
              <Th>Noticed</Th>
            </tr>
          </thead>
          <tbody>
            {items.map((each) => (
              <Tr key={each.contact}>
                <Td>
                  <code className="font-mono text-sm">{each.contact}</code>
                </Td>
                <Td>
                  {WHY[each.why]}
                  {each.merged_into !== null && (
                    <code className="ml-1 font-mono text-sm">{each.merged_into}</code>
                  )}
                </Td>
                <Td>
                  <Age at={each.noticed_at} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Loaded>
  );
}
