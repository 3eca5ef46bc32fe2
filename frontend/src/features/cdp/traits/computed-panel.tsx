import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { ProfileTraits } from "@/api/types";
import { Button } from "@/design/button";
import { Age, Moment, Unknown } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { integer, number, ratio } from "@/format/numbers";
import { plural } from "@/format/words";
import { profileTraitsQuery, whyQuery } from "./queries";
import { TraitValue } from "./value";
import { CELL_MEANS, said } from "./words";

/** What is computed of a person, and on what it rests. */
export function ComputedPanel({ profileId }: { profileId: string }) {
  const computed = useQuery(profileTraitsQuery(profileId));
  return (
    <Panel title="Computed">
      <Loaded query={computed}>
        {(data) => (
          <div className="grid gap-6 p-4 lg:grid-cols-3">
            <Section title="Computed traits">
              {data.traits.length === 0 ? (
                <p className="text-ink-3">No trait is computed yet.</p>
              ) : (
                <ul className="space-y-3">
                  {data.traits.map((trait) => (
                    <li key={trait.id}>
                      <OneTrait trait={trait} profileId={profileId} />
                    </li>
                  ))}
                </ul>
              )}
            </Section>
            <Section title="Among your customers">
              <Cell data={data} />
            </Section>
            <Section title="Risk of leaving">
              <Churn churn={data.churn} />
            </Section>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h3 className="mb-2 font-medium">{title}</h3>
      {children}
    </section>
  );
}

interface OneTraitProps {
  trait: ProfileTraits["traits"][number];
  profileId: string;
}

function OneTrait({ trait, profileId }: OneTraitProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <div className="flex items-baseline justify-between gap-3">
        <code className="min-w-0 font-mono break-words">{trait.name}</code>
        <span className="font-medium">
          <TraitValue value={trait.value} definition={trait.definition} />
        </span>
      </div>
      <p className="text-sm text-ink-2">{said(trait.definition)}</p>
      <Button
        className="mt-1"
        aria-expanded={open}
        aria-label={`Why ${trait.name}`}
        onClick={() => {
          setOpen(!open);
        }}
      >
        Why
      </Button>
      {open && <Why trait={trait} profileId={profileId} />}
    </>
  );
}

function Why({ trait, profileId }: OneTraitProps) {
  const why = useQuery(whyQuery(trait.id, profileId, trait.value));
  return (
    <Loaded query={why} rows={2}>
      {(data) => (
        <div className="mt-2 text-sm text-ink-2">
          <p>
            {data.event_count === 0
              ? "They have no such event."
              : `Of ${plural(data.event_count, "event")}${data.event_count > data.events.length ? ", the newest" : ""}:`}
          </p>
          <ul>
            {data.events.map(({ id, at }) => (
              <li key={id}>
                <Moment at={at} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Loaded>
  );
}

function Cell({ data: { rfm, rfm_computed_at: at } }: { data: ProfileTraits }) {
  if (rfm === null)
    return <p className="text-ink-2">Not ranked: they have not ordered, or came after the last ranking.</p>;
  return (
    <>
      <p className="text-lg font-medium">{rfm.cell}</p>
      <p className="mb-2 text-sm text-ink-2">{CELL_MEANS[rfm.cell]}.</p>
      <Facts>
        <Fact term="Recency">{rfm.recency} of 5</Fact>
        <Fact term="Frequency">{rfm.frequency} of 5</Fact>
        <Fact term="Spending">{rfm.monetary} of 5</Fact>
        <Fact term="Ranked">
          <Age domain at={at} />
        </Fact>
      </Facts>
    </>
  );
}

function Churn({ churn }: { churn: ProfileTraits["churn"] }) {
  if (churn === null) return <p className="text-ink-2">They have not ordered.</p>;
  const unknown = churn.orders < 3 ? "it takes three orders" : "their orders came all at one time";
  return (
    <>
      <Facts>
        <Fact term="Orders">{integer(churn.orders)}</Fact>
        <Fact term="Since the last order">{plural(churn.days_since_last_order, "day")}</Fact>
        <Fact term="Usually orders every">
          {churn.median_gap_days === null ? (
            <Unknown why={unknown} />
          ) : (
            `${number(churn.median_gap_days)} days`
          )}
        </Fact>
        <Fact term="Overdue">{churn.ratio === null ? <Unknown why={unknown} /> : ratio(churn.ratio)}</Fact>
      </Facts>
      <p className="mt-2 text-sm text-ink-2">
        {churn.ratio === null
          ? `Not known: ${unknown}.`
          : "The time since the last order over the median gap between their own orders: at 1× the next is due."}
      </p>
    </>
  );
}
