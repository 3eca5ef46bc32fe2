import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCan } from "@/api/permissions";
import type { ConsentReceipt, Consents } from "@/api/types";
import { Evidence } from "@/design/evidence";
import { Expandable } from "@/design/expandable";
import { Age, Moment, Unknown } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { consentsQuery, receiptsQuery } from "./queries";
import { RecordConsent } from "./record-consent";
import { because, countryName, PURPOSE_NAMES, PURPOSES, SOURCES } from "./words";

/** What a person allows, why, and every receipt of it. */
export function PersonConsents({ profileId }: { profileId: string }) {
  const mayRead = useCan("cdp.consents:read");
  const consents = useQuery({ ...consentsQuery(profileId), enabled: mayRead });
  if (!mayRead) return null;
  return (
    <Panel title="Consent" aside={<RecordConsent profileId={profileId} />}>
      <Loaded query={consents}>{(data) => <Standing consents={data} />}</Loaded>
      <Receipts profileId={profileId} />
    </Panel>
  );
}

function Standing({ consents }: { consents: Consents }) {
  return (
    <>
      <Table label="What holds now">
        <thead>
          <tr>
            <Th>Purpose</Th>
            <Th>Now</Th>
            <Th>Because</Th>
            <Th>Since</Th>
          </tr>
        </thead>
        <tbody>
          {PURPOSES.map((purpose) => {
            const decided = consents.purposes[purpose];
            if (decided === undefined) return null;
            return (
              <Tr key={purpose}>
                <Td className="whitespace-nowrap">{PURPOSE_NAMES[purpose]}</Td>
                <Td>
                  <Status tone={decided.decision === "granted" ? "pass" : "block"}>
                    {decided.decision === "granted" ? "Allowed" : "Not allowed"}
                  </Status>
                </Td>
                <Td className="min-w-48">{because(decided.because)}</Td>
                <Td>
                  {decided.at === null ? <Unknown why="they said nothing" /> : <Moment at={decided.at} />}
                </Td>
              </Tr>
            );
          })}
        </tbody>
      </Table>
      <div className="space-y-2 border-t border-line px-4 py-3">
        <p className="text-ink-2">
          {consents.country === null
            ? "Their country is not known: they are treated by the strictest rule."
            : `Country: ${countryName(consents.country)}, as last told.`}
        </p>
        {consents.strings.length > 0 && (
          <Facts>
            {consents.strings.map(({ kind, value, at }) => (
              <Fact key={kind + at + value} term={kind.toUpperCase()}>
                <code className="font-mono text-sm break-all">{value}</code>{" "}
                <span className="text-ink-3">
                  <Age domain at={at} />
                </span>
              </Fact>
            ))}
          </Facts>
        )}
      </div>
    </>
  );
}

function Receipts({ profileId }: { profileId: string }) {
  const receipts = useInfiniteQuery(receiptsQuery(profileId));
  return (
    <section aria-label="Receipts" className="border-t border-line">
      <h3 className="px-4 py-2 font-medium">Receipts</h3>
      <Listed
        query={receipts}
        rows={2}
        more="Earlier receipts"
        empty={<Empty title="They never said anything of it." />}
      >
        {(items) => (
          <ul>
            {items.map((receipt) => (
              <ReceiptLine key={receipt.id} receipt={receipt} />
            ))}
          </ul>
        )}
      </Listed>
    </section>
  );
}

function ReceiptLine({ receipt }: { receipt: ConsentReceipt }) {
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_120px_96px_minmax(0,1fr)_auto]"
      summary={
        <>
          <span className="font-medium">{PURPOSE_NAMES[receipt.purpose]}</span>
          <Status tone={receipt.decision === "granted" ? "pass" : "block"}>
            {receipt.decision === "granted" ? "Yes" : "No"}
          </Status>
          <span className="text-ink-2 max-sm:hidden">{SOURCES[receipt.source] ?? receipt.source}</span>
          <span className="text-right text-ink-3 max-sm:hidden">
            <Moment at={receipt.at} />
          </span>
        </>
      }
    >
      <div className="grid gap-4 md:grid-cols-2">
        <Facts className="content-start">
          <Fact term="Said">
            <Moment at={receipt.at} />
          </Fact>
          <Fact term="Written down">
            <Moment at={receipt.recorded_at} />
          </Fact>
          <Fact term="How">{SOURCES[receipt.source] ?? receipt.source}</Fact>
          {receipt.asserted_by !== null && <Fact term="By">{receipt.asserted_by}</Fact>}
          <Fact term="Wording">
            {receipt.wording_version ?? <Unknown why="the version of the words was not told" />}
          </Fact>
          {receipt.message_id !== null && (
            <Fact term="Message id">
              <code className="font-mono text-sm break-all">{receipt.message_id}</code>
            </Fact>
          )}
        </Facts>
        <section aria-label="Proof">
          <h4 className="mb-1 font-medium">Proof</h4>
          <Evidence value={receipt.proof} empty="None was kept." />
        </section>
      </div>
    </Expandable>
  );
}
