import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { useDomainOffset } from "@/api/domain-clock";
import { useCan } from "@/api/permissions";
import type { FxRate } from "@/api/types";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { Age, useNow } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { currentPolicyQuery } from "../policies/queries";
import { TrustFrame } from "../trust-frame";
import { ratesQuery, useRecord } from "./queries";

export function RatesRoom() {
  const mayWrite = useCan("trust_engine.fx_rates:write");
  const rates = useInfiniteQuery(ratesQuery);
  return (
    <TrustFrame>
      {mayWrite && (
        <Panel title="Record a rate">
          <RecordForm />
        </Panel>
      )}
      <Panel title="Rates of exchange">
        <Listed
          query={rates}
          more="Earlier rates"
          empty={
            <Empty title="No rate is recorded.">
              Limits in one currency hold for accounts of another by a recorded rate. Without a fresh one
              raises there are held; none is ever guessed.
            </Empty>
          }
        >
          {(items) => <Rates rates={items} />}
        </Listed>
      </Panel>
    </TrustFrame>
  );
}

/** Of each pair, the newest alone is read by the gate. */
function newestOfEach(rates: readonly FxRate[]): ReadonlySet<string> {
  const first = new Map<string, string>();
  for (const { id, base, quote } of rates)
    if (!first.has(`${base}/${quote}`)) first.set(`${base}/${quote}`, id);
  return new Set(first.values());
}

function Rates({ rates }: { rates: readonly FxRate[] }) {
  const used = newestOfEach(rates);
  return (
    <Table label="Rates of exchange">
      <thead>
        <tr>
          <Th>Pair</Th>
          <Th figure>Rate</Th>
          <Th figure>As of</Th>
          <Th>State</Th>
          <Th>Source</Th>
        </tr>
      </thead>
      <tbody>
        {rates.map((rate) => (
          <Tr key={rate.id}>
            <Td className="font-medium whitespace-nowrap">
              {rate.base} → {rate.quote}
            </Td>
            <Td figure>{plain(rate.rate)}</Td>
            <Td figure>
              <Age domain at={rate.as_of} />
            </Td>
            <Td>
              {used.has(rate.id) ? <Freshness asOf={rate.as_of} /> : <Status tone="muted">Earlier</Status>}
            </Td>
            <Td>
              {rate.source}
              <div className="text-sm text-ink-3">by {rate.recorded_by}</div>
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

/** An exact decimal as text, less the zeros that say nothing. */
const plain = (rate: string): string => (rate.includes(".") ? rate.replace(/\.?0+$/, "") : rate);

const HOUR_MS = 3_600_000;

function Freshness({ asOf }: { asOf: string }) {
  const policy = useQuery(currentPolicyQuery);
  const now = useNow() + useDomainOffset();
  const hours = policy.data?.document["fx_max_age_hours"];
  if (typeof hours !== "number") return <Status tone="muted">Newest</Status>;
  return now - Date.parse(asOf) > hours * HOUR_MS ? (
    <Status tone="hold">Too old: raises hold</Status>
  ) : (
    <Status tone="pass">In use</Status>
  );
}

function RecordForm() {
  const record = useRecord();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    record.mutate(
      {
        base: formText(form, "base").trim().toUpperCase(),
        quote: formText(form, "quote").trim().toUpperCase(),
        rate: formText(form, "rate").trim().replace(",", "."),
        as_of: new Date(formText(form, "as_of")).toISOString(),
        source: formText(form, "source"),
      },
      {
        onSuccess: () => {
          form.reset();
        },
      },
    );
  };
  const fields = fieldsOf(record.error);
  return (
    <form onSubmit={submit} className="p-4">
      <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-5">
        <TextField
          label="One unit of"
          name="base"
          required
          maxLength={3}
          autoComplete="off"
          hint="The account’s currency, such as HUF."
          error={fields["base"]}
        />
        <TextField
          label="Was worth"
          name="rate"
          required
          inputMode="decimal"
          autoComplete="off"
          error={fields["rate"]}
        />
        <TextField
          label="Of"
          name="quote"
          required
          maxLength={3}
          autoComplete="off"
          hint="The limits’ currency, such as EUR."
          error={fields["quote"]}
        />
        <TextField
          label="As of, your time"
          name="as_of"
          type="datetime-local"
          required
          error={fields["as_of"]}
        />
        <TextField
          label="Source"
          name="source"
          required
          autoComplete="off"
          hint="Who says so."
          error={fields["source"]}
        />
      </div>
      <div className="mt-4 flex items-center gap-3">
        <Button type="submit" tone="primary" busy={record.isPending}>
          Record
        </Button>
        <span role="status" className="text-ink-2">
          {record.isSuccess && "Recorded. What was recorded stays; a wrong rate is corrected by another."}
        </span>
      </div>
      <FormError error={record.error} />
    </form>
  );
}
