import { useQuery } from "@tanstack/react-query";
import type { CrmAccount, CrmPush } from "@/api/types";
import { Age } from "@/design/figures";
import { Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { crmFaultsQuery, crmWritesQuery } from "./queries";

const FIGURES = [
  ["Compared", (push: CrmPush) => push.compared],
  ["Written", (push: CrmPush) => push.written],
  ["Deals", (push: CrmPush) => push.deals],
  ["Values", (push: CrmPush) => push.values],
  ["Told here", (push: CrmPush) => push.told],
  ["Created", (push: CrmPush) => push.created],
  ["Failed", (push: CrmPush) => push.failed],
] as const;

/** The last rounds of writing to a CRM, and what could not be written; nothing where there were none. */
export function Writes({ account }: { account: CrmAccount }) {
  const writes = useQuery(crmWritesQuery(account.id));
  return (
    <>
      <Loaded query={writes} rows={1}>
        {({ items }) =>
          items.length > 0 && (
            <Table label="The last writes">
              <thead>
                <tr>
                  <Th>Written</Th>
                  {FIGURES.map(([label]) => (
                    <Th key={label} figure>
                      {label}
                    </Th>
                  ))}
                  <Th>Error</Th>
                </tr>
              </thead>
              <tbody>
                {items.map((each) => (
                  <Tr key={each.id}>
                    <Td>
                      <Age at={each.started_at} />
                    </Td>
                    {FIGURES.map(([label, of]) => (
                      <Td key={label} figure>
                        {integer(of(each))}
                      </Td>
                    ))}
                    <Td>
                      {each.error_code !== null && (
                        <code className="font-mono text-sm">{each.error_code}</code>
                      )}
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
      {account.refused.length > 0 && (
        <Refused of="Properties that the CRM refuses" properties={account.refused} />
      )}
      {account.deal_refused.length > 0 && (
        <Refused of="Properties of deals that the CRM refuses" properties={account.deal_refused} />
      )}
      {account.faults > 0 && <Faults account={account} />}
    </>
  );
}

/** Properties that the CRM takes no value of. */
function Refused({ of, properties }: { of: string; properties: CrmAccount["refused"] }) {
  return (
    <>
      <Table label={of}>
        <thead>
          <tr>
            <Th>Property</Th>
            <Th>Why</Th>
            <Th>In the CRM’s words</Th>
          </tr>
        </thead>
        <tbody>
          {properties.map((each) => (
            <Tr key={each.property}>
              <Td>
                <code className="font-mono text-sm">{each.property}</code>
              </Td>
              <Td>
                <code className="font-mono text-sm">{each.code}</code>
              </Td>
              <Td>{each.message}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      <p className="text-ink-2">
        They are not written. Mend them in the CRM, or choose others, and save what is told: then they are
        tried again.
      </p>
    </>
  );
}

function Faults({ account }: { account: CrmAccount }) {
  const faults = useQuery(crmFaultsQuery(account.id));
  return (
    <Loaded query={faults} rows={1}>
      {({ items }) => (
        <Table label="What could not be written">
          <thead>
            <tr>
              <Th>Contact or deal there</Th>
              <Th>Properties</Th>
              <Th>Why</Th>
              <Th>Tried again</Th>
            </tr>
          </thead>
          <tbody>
            {items.map((each) => (
              <Tr key={`${each.kind} ${each.contact}`}>
                <Td>
                  {each.kind === "deals" && "Deal "}
                  <code className="font-mono text-sm">{each.contact}</code>
                </Td>
                <Td>{each.properties.join(", ")}</Td>
                <Td>
                  <code className="font-mono text-sm">{each.code}</code>
                </Td>
                <Td>{each.next_at === null ? "Once something changes" : <Age at={each.next_at} />}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Loaded>
  );
}
