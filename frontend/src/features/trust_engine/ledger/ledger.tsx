import { useQuery } from "@tanstack/react-query";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import { ledgerHeadQuery, useVerifyLedger } from "./queries";

/** The chain's head, and a button that recomputes the whole of it. */
export function Ledger() {
  const mayRead = useCan("trust_engine.ledger:read");
  const head = useQuery({ ...ledgerHeadQuery, enabled: mayRead });
  const verify = useVerifyLedger();
  if (!mayRead) return null;
  return (
    <Panel
      title="Decision ledger"
      aside={
        <Button
          busy={verify.isPending}
          onClick={() => {
            verify.mutate();
          }}
        >
          Verify the chain
        </Button>
      }
    >
      <div className="p-4">
        <Loaded query={head} rows={2}>
          {({ sequence, hash, signed_at }) => (
            <Facts>
              <Fact term="Rows">{integer(sequence)}</Fact>
              <Fact term="Head">
                <code className="font-mono text-sm break-all">{hash}</code>
              </Fact>
              <Fact term="Signed">
                <Age at={signed_at} />
              </Fact>
            </Facts>
          )}
        </Loaded>
        <div role="status" className="mt-2">
          {verify.isSuccess && (
            <Status tone={verify.data.whole ? "pass" : "block"}>
              {verify.data.whole
                ? `Whole: ${plural(verify.data.rows, "row")} recomputed and re-decided.`
                : `Broken: ${verify.data.faults.join(" ")}`}
            </Status>
          )}
        </div>
        {verify.isError && <ErrorNote error={verify.error} />}
      </div>
    </Panel>
  );
}
