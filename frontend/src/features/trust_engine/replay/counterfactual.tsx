import type { Counterfactual } from "@/api/types";
import { Money } from "@/design/figures";
import { Table, Td, Th, Tr } from "@/design/table";
import { VerdictChip } from "@/design/verdict";
import { integer } from "@/format/numbers";
import { plural, words } from "@/format/words";
import { counted } from "./shares";

type Split = Counterfactual["together"];
type Change = Split["transitions"][number];
type Moved = Change["money"];

const VERDICTS = ["PASS", "HOLD", "BLOCK"] as const;

/** What a draft would have decided: counts, what would have gone otherwise and how that ended, and account by account. */
export function CounterfactualReport({ found }: { found: Counterfactual }) {
  const changed = found.together.transitions.filter(({ before, after }) => before !== after);
  return (
    <div className="space-y-4">
      <p className="max-w-prose text-ink-2">
        {plural(found.rows, "decision")} made again, as known at their time.
        {found.rescored
          ? " Scores and modes were worked out anew from the signals."
          : " Scores and modes stay as they were: the draft changes neither."}
        {found.cut_short && " Older ones of these days were left out."}
        {found.unreadable > 0 && ` ${plural(found.unreadable, "row")} cannot be read.`}
      </p>
      <Counts found={found.together} />
      {changed.length === 0 ? (
        <p className="font-medium">No decision would have gone otherwise.</p>
      ) : (
        <ul className="space-y-3">
          {changed.map((change) => (
            <Changed key={`${change.before}${change.after}`} change={change} />
          ))}
        </ul>
      )}
      {found.together.undecided.length > 0 && (
        <section aria-label="What cannot be decided again">
          <h4 className="font-medium">What cannot be decided again</h4>
          <ul>
            {found.together.undecided.map(({ before, gap, message, decisions }) => (
              <li key={`${before}${gap}`}>
                {plural(decisions, "decision")} that was {before}: {message}
              </li>
            ))}
          </ul>
        </section>
      )}
      {found.groups.length > 1 && <Groups found={found} />}
    </div>
  );
}

function Counts({ found }: { found: Split }) {
  const left = found.undecided.reduce((sum, { decisions }) => sum + decisions, 0);
  return (
    <Table label="Before and after">
      <thead>
        <tr>
          <Th>Result</Th>
          <Th figure>As decided</Th>
          <Th figure>By the draft</Th>
        </tr>
      </thead>
      <tbody>
        {VERDICTS.map((verdict) => (
          <Tr key={verdict}>
            <Td>
              <VerdictChip verdict={verdict} />
            </Td>
            <Td figure>{integer(found.before[verdict])}</Td>
            <Td figure>{integer(found.after[verdict])}</Td>
          </Tr>
        ))}
        {left > 0 && (
          <Tr>
            <Td>Cannot be told</Td>
            <Td figure />
            <Td figure>{integer(left)}</Td>
          </Tr>
        )}
      </tbody>
    </Table>
  );
}

function Changed({ change }: { change: Change }) {
  return (
    <li className="border-l-2 border-line-strong pl-3">
      <p className="flex flex-wrap items-center gap-1.5 font-medium">
        <VerdictChip verdict={change.before} />
        <span className="text-ink-2">would have been</span>
        <VerdictChip verdict={change.after} />
        <span>{plural(change.decisions, "decision")}</span>
      </p>
      <p className="text-ink-2">
        They ask for, counted at each proposal: <MovedMoney money={change.money} unpriced={change.unpriced} />
      </p>
      {change.reasons.length > 0 && (
        <p className="text-ink-2">
          For{" "}
          {change.reasons
            .map(({ code, decisions }) => `${words(code).toLowerCase()} (${integer(decisions)})`)
            .join(", ")}
          .
        </p>
      )}
      {change.rolled_back === null ? (
        <p className="text-ink-2">What would have come of them is not known: they were not written.</p>
      ) : (
        <>
          <ul>
            {change.outcomes.map(({ outcome, decisions, money, unpriced }) => (
              <li key={outcome}>
                {words(outcome)}: {integer(decisions)},{" "}
                <span className="text-ink-2">
                  <MovedMoney money={money} unpriced={unpriced} />
                </span>
              </li>
            ))}
          </ul>
          <p>Rolled back, of those kept or undone: {counted(change.rolled_back)}</p>
        </>
      )}
    </li>
  );
}

function MovedMoney({ money, unpriced }: { money: Moved; unpriced: number }) {
  if (money.length === 0 && unpriced === 0) return <>no budget moves</>;
  return (
    <>
      {money.map(({ currency, raises_micros, cuts_micros }) => (
        <span key={currency} className="mr-2">
          {raises_micros > 0 && (
            <>
              raises of <Money micros={raises_micros} currency={currency} /> a day{" "}
            </>
          )}
          {cuts_micros > 0 && (
            <>
              cuts of <Money micros={cuts_micros} currency={currency} /> a day
            </>
          )}
        </span>
      ))}
      {unpriced > 0 && `${plural(unpriced, "change")} not saying how much`}
    </>
  );
}

function Groups({ found }: { found: Counterfactual }) {
  return (
    <Table label="By class and account">
      <thead>
        <tr>
          <Th>Account</Th>
          <Th>Class</Th>
          <Th figure>Pass</Th>
          <Th figure>Hold</Th>
          <Th figure>Block</Th>
        </tr>
      </thead>
      <tbody>
        {found.groups.map((group) => (
          <Tr key={`${group.platform}${group.account}${group.risk_class}${group.ad_account_id ?? ""}`}>
            <Td>
              {words(group.platform)} <span className="text-ink-3">{group.account}</span>
            </Td>
            <Td>{words(group.risk_class)}</Td>
            {VERDICTS.map((verdict) => (
              <Td key={verdict} figure className="whitespace-nowrap">
                {integer(group.before[verdict])} → {integer(group.after[verdict])}
              </Td>
            ))}
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
