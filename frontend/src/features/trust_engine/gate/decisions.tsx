import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { Decision, RiskClass, Verdict } from "@/api/types";
import { ENTRY_LINK } from "@/design/classes";
import { SelectField } from "@/design/field";
import { Age, Unknown } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { VerdictChip } from "@/design/verdict";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { decisionsQuery, type Wanted } from "./queries";

export function Decisions({ result, accountId, risk }: Wanted) {
  const decisions = useInfiniteQuery(decisionsQuery({ result, accountId, risk }));
  return (
    <Panel
      title="Decisions of the gate"
      aside={
        <div className="flex flex-wrap gap-2">
          <RiskPicker chosen={risk} />
          <ResultPicker chosen={result} />
        </div>
      }
    >
      <Listed
        query={decisions}
        more="Earlier decisions"
        empty={
          <Empty
            title={
              result === undefined && risk === undefined
                ? "The gate has not been asked yet."
                : "No such decision was found so far."
            }
          >
            Each proposal to change an ad account is decided here, with its reasons, before anything is sent.
          </Empty>
        }
      >
        {(items) => <DecisionTable decisions={items} />}
      </Listed>
    </Panel>
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
    <div className="w-40">
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
          <Th className="max-sm:hidden">Why</Th>
          <Th figure>Score / needs</Th>
          <Th figure>When</Th>
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
    <Tr>
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
        <p className="text-ink-2 sm:hidden">{why}</p>
      </Td>
      <Td className="min-w-64 text-ink-2 max-sm:hidden">{why}</Td>
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
    </Tr>
  );
}
