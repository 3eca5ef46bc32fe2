import { useState } from "react";
import type { Policy } from "@/api/types";
import { useDomainOffset } from "@/api/domain-clock";
import { Button } from "@/design/button";
import { SelectField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { CounterfactualReport } from "./counterfactual";
import { type Asked, useCounterfactual } from "./queries";

const SPANS = [7, 30, 90];

interface ForetellingProps {
  /** What the draft changes, as the API takes it. */
  changes: Policy["document"];
  disabled: boolean;
}

/** What the draft would have decided, asked for before it is brought in. */
export function Foretelling({ changes, disabled }: ForetellingProps) {
  const ahead = useDomainOffset();
  const [days, setDays] = useState(30);
  const [asked, setAsked] = useState<Asked | null>(null);
  const replay = useCounterfactual();
  const stale = asked !== null && JSON.stringify(asked.document) !== JSON.stringify(changes);
  return (
    <section aria-label="What it would have decided" className="space-y-3 border-t border-line pt-4">
      <h3 className="font-medium">What it would have decided</h3>
      <div className="flex flex-wrap items-end gap-2">
        <div className="w-48">
          <SelectField
            label="Decisions of"
            value={String(days)}
            onChange={(event) => {
              setDays(Number(event.target.value));
            }}
          >
            {SPANS.map((span) => (
              <option key={span} value={span}>
                the last {span} days
              </option>
            ))}
          </SelectField>
        </div>
        <Button
          busy={replay.isPending}
          disabled={disabled}
          onClick={() => {
            setAsked({ document: changes, days });
            replay.mutate({ document: changes, days, now: Date.now() + ahead });
          }}
        >
          Decide them again
        </Button>
      </div>
      {replay.isError && <ErrorNote error={replay.error} />}
      {stale && (replay.isSuccess || replay.isError) && (
        <p role="status" className="text-hold">
          The draft has changed since: this is of the one before.
        </p>
      )}
      {replay.isSuccess && <CounterfactualReport found={replay.data} />}
    </section>
  );
}
