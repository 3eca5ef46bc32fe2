import { useQuery } from "@tanstack/react-query";
import { Download, Printer } from "lucide-react";
import type { Certificate } from "@/api/types";
import { Button } from "@/design/button";
import { Moment, Unknown } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { integer } from "@/format/numbers";
import { download } from "./download";
import { certificateQuery } from "./queries";
import { type Store, Stores } from "./stores";

/** What an erasure did, store by store, under the platform's signature. */
export function CertificatePanel({ requestId }: { requestId: string }) {
  const certificate = useQuery(certificateQuery(requestId));
  return (
    <Panel
      title="Certificate of erasure"
      aside={
        certificate.data !== undefined && (
          <div className="flex gap-2 py-1 print:hidden">
            <Button
              onClick={() => {
                window.print();
              }}
            >
              <Printer size={14} aria-hidden />
              Print
            </Button>
            <Button
              onClick={() => {
                download(`certificate-${requestId}.json`, certificate.data);
              }}
            >
              <Download size={14} aria-hidden />
              Download
            </Button>
          </div>
        )
      }
    >
      <Loaded query={certificate}>{(data) => <Told certificate={data} />}</Loaded>
    </Panel>
  );
}

function Told({ certificate: { certificate, signature, valid } }: { certificate: Certificate }) {
  const text = (name: string) => {
    const value = certificate[name];
    return typeof value === "string" ? value : null;
  };
  const identifiers = certificate["identifiers"];
  const stores = certificate["stores"] as readonly Store[];
  const barred = text("bars_events_before");
  return (
    <>
      <div className="border-b border-line p-4">
        <Facts>
          <Fact term="Request">
            <code className="font-mono text-sm break-all">{text("request_id")}</code>
          </Fact>
          <Fact term="Person">
            <code className="font-mono text-sm break-all">{text("profile_id")}</code>
          </Fact>
          <Fact term="Identifiers">
            {typeof identifiers === "number" ? integer(identifiers) : <Unknown why="it is not told" />}, each
            barred by its keyed hash
          </Fact>
          <Fact term="Bars events from before">
            {barred === null ? <Unknown why="it is not told" /> : <Moment at={barred} />}
          </Fact>
          <Fact term="Signature">
            <span className="block">
              {valid ? (
                <Status tone="pass">Valid: nobody has altered it</Status>
              ) : (
                <Status tone="block">Not valid: it is not what was written</Status>
              )}
            </span>
            <code className="font-mono text-sm break-all text-ink-2">{signature}</code>
          </Fact>
        </Facts>
      </div>
      <Stores stores={stores} />
    </>
  );
}
