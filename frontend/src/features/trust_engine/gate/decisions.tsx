import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Decision, RiskClass, Verdict } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK } from "@/design/classes";
import { SelectField, TextField } from "@/design/field";
import { Age, Unknown } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, TrWithNote } from "@/design/table";
import { VerdictChip } from "@/design/verdict";
import { integer } from "@/format/numbers";
import { localField, momentOf } from "@/format/time";
import { words } from "@/format/words";
import { decisionsQuery, type Wanted } from "./queries";

/** Where a link to the decisions of a time leads within the room. */
export const DECISIONS = "decisions";

export function Decisions(wanted: Wanted) {
  const { result, risk, since, until } = wanted;
  const decisions = useInfiniteQuery(decisionsQuery(wanted));
  const asked = useLocation({ select: ({ hash }) => hash === DECISIONS });
  const ready = decisions.data !== undefined;
  const here = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (asked && ready) here.current?.scrollIntoView();
  }, [asked, ready, since, until]);
  const narrowed = [result, risk, since, until].some((each) => each !== undefined);
  return (
    <div id={DECISIONS} ref={here} className="scroll-mt-16">
      <Panel
        title="Decisions of the gate"
        aside={
          <div className="flex flex-wrap gap-2">
            <RiskPicker chosen={risk} />
            <ResultPicker chosen={result} />
          </div>
        }
      >
        <PeriodPicker since={since} until={until} />
        <Listed
          query={decisions}
          more="Earlier decisions"
          empty={
            <Empty title={narrowed ? "No such decision was found." : "The gate has not been asked yet."}>
              Each proposal to change an ad account is decided here, with its reasons, before anything is
              sent.
            </Empty>
          }
        >
          {(items) => <DecisionTable decisions={items} />}
        </Listed>
      </Panel>
    </div>
  );
}

/** From when to when. It stands in the address, so that a night can be shown to a colleague. */
function PeriodPicker({ since, until }: { since: string | undefined; until: string | undefined }) {
  const navigate = useNavigate({ from: "/trust" });
  const narrow = (period: { since?: string | undefined; until?: string | undefined }) =>
    void navigate({ search: (was) => ({ ...was, ...period }), replace: true, resetScroll: false });
  const backwards = since !== undefined && until !== undefined && since >= until;
  return (
    <div className="flex flex-wrap items-end gap-3 border-b border-line px-4 py-2">
      <div className="w-56 max-sm:w-full">
        <TextField
          key={`from ${since ?? ""}`}
          label="Decided from, your time"
          type="datetime-local"
          defaultValue={since === undefined ? "" : localField(since)}
          onBlur={(event) => {
            narrow({ since: momentOf(event.target.value) });
          }}
        />
      </div>
      <div className="w-56 max-sm:w-full">
        <TextField
          key={`to ${until ?? ""}`}
          label="Decided before, your time"
          type="datetime-local"
          defaultValue={until === undefined ? "" : localField(until)}
          error={backwards ? "It has to be later than the first." : undefined}
          onBlur={(event) => {
            narrow({ until: momentOf(event.target.value) });
          }}
        />
      </div>
      {(since !== undefined || until !== undefined) && (
        <Button
          tone="quiet"
          onClick={() => {
            narrow({ since: undefined, until: undefined });
          }}
        >
          Any time
        </Button>
      )}
    </div>
  );
}

function ResultPicker({ chosen }: { chosen: Verdict | undefined }) {
  const navigate = useNavigate({ from: "/trust" });
  return (
    <div className="w-36">
      <SelectField
        label="Result"
        hideLabel
        value={chosen ?? ""}
        onChange={(event) => {
          const result = event.target.value as Verdict | "";
          void navigate({ search: (was) => ({ ...was, result: result === "" ? undefined : result }) });
        }}
      >
        <option value="">Every result</option>
        <option>PASS</option>
        <option>HOLD</option>
        <option>BLOCK</option>
      </SelectField>
    </div>
  );
}

function RiskPicker({ chosen }: { chosen: RiskClass | undefined }) {
  const navigate = useNavigate({ from: "/trust" });
  return (
    <div className="w-40 max-sm:w-44">
      <SelectField
        label="Risk class of the decisions"
        hideLabel
        value={chosen ?? ""}
        onChange={(event) => {
          const risk = event.target.value as RiskClass | "";
          void navigate({ search: (was) => ({ ...was, risk: risk === "" ? undefined : risk }) });
        }}
      >
        <option value="">Every risk class</option>
        {Object.entries(RISKS).map(([risk, name]) => (
          <option key={risk} value={risk}>
            {words(name)}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function DecisionTable({ decisions }: { decisions: readonly Decision[] }) {
  return (
    <Table label="Decisions of the gate">
      <thead>
        <tr>
          <Th>Result</Th>
          <Th>Change</Th>
          <Th figure>Score / needs</Th>
          <Th figure>When</Th>
          <Th className="max-sm:hidden">Why</Th>
        </tr>
      </thead>
      <tbody>
        {decisions.map((decision) => (
          <DecisionRow key={decision.id} decision={decision} />
        ))}
      </tbody>
    </Table>
  );
}

const RISKS: Readonly<Record<string, string>> = {
  high: "high risk",
  standard: "standard risk",
  conservative: "conservative",
  cut: "a cut",
  safety: "safety",
};

function DecisionRow({ decision }: { decision: Decision }) {
  const why = decision.reasons[0]?.message ?? "No reason was recorded.";
  return (
    <TrWithNote
      columns={4}
      note={why}
      cells={
        <>
          <Td>
            <VerdictChip verdict={decision.result} />
          </Td>
          <Td className="sm:min-w-48">
            <Link
              to="/trust/decisions/$decisionId"
              params={{ decisionId: decision.id ?? "" }}
              className={ENTRY_LINK}
            >
              {words(decision.kind)}
            </Link>
            <div className="text-ink-2">
              {decision.entity_name ?? decision.entity_id}{" "}
              <span className="text-ink-3">· {RISKS[decision.risk_class] ?? words(decision.risk_class)}</span>
            </div>
          </Td>
          <Td figure className="whitespace-nowrap">
            {decision.score === null ? <Unknown why="no live score" /> : integer(decision.score)}
            <span className="text-ink-3">
              {" "}
              / {decision.required_score === null ? "any" : integer(decision.required_score)}
            </span>
          </Td>
          <Td figure className="text-ink-3">
            <Age domain at={decision.decided_at} />
          </Td>
        </>
      }
    />
  );
}
