import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { AccountHealth } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField } from "@/design/field";
import { Panel } from "@/design/panel";
import { Empty, ErrorNote, Loaded } from "@/design/states";
import { Decisions } from "./gate/decisions";
import { AccountHealthView } from "./health/account-health";
import { healthQuery, useEvaluate } from "./health/queries";
import { Incidents } from "./incidents/incidents";
import { Ledger } from "./ledger/ledger";
import { Calibration } from "./replay/calibration";
import { TrustFrame } from "./trust-frame";

export function TrustRoom() {
  const { account, result, risk, since, until } = useSearch({ from: "/signed-in/trust" });
  const health = useQuery(healthQuery);
  return (
    <TrustFrame actions={<EvaluateButton />}>
      <Panel
        title="Signal health"
        aside={health.data && <AccountPicker accounts={health.data.accounts} chosen={account} />}
      >
        <Loaded query={health} rows={8}>
          {(data) => {
            const shown =
              account === undefined
                ? data
                : data.accounts.find(({ ad_account_id }) => ad_account_id === account);
            return shown === undefined ? (
              <Empty title="There is no such account here." />
            ) : (
              <AccountHealthView key={account} health={shown} />
            );
          }}
        </Loaded>
      </Panel>
      <Incidents />
      <Decisions result={result} accountId={account} risk={risk} since={since} until={until} />
      <Calibration />
      <Ledger />
    </TrustFrame>
  );
}

function EvaluateButton() {
  const mayEvaluate = useCan("trust_engine.health:write");
  const evaluate = useEvaluate();
  if (!mayEvaluate) return null;
  return (
    <>
      {evaluate.isError && <ErrorNote error={evaluate.error} />}
      <Button
        busy={evaluate.isPending}
        onClick={() => {
          evaluate.mutate();
        }}
      >
        Evaluate now
      </Button>
    </>
  );
}

function AccountPicker({
  accounts,
  chosen,
}: {
  accounts: readonly AccountHealth[];
  chosen: string | undefined;
}) {
  const navigate = useNavigate({ from: "/trust" });
  return (
    <div className="w-56">
      <SelectField
        label="Ad account"
        hideLabel
        value={chosen ?? ""}
        onChange={(event) => {
          const account = event.target.value;
          void navigate({ search: (was) => ({ ...was, account: account === "" ? undefined : account }) });
        }}
      >
        <option value="">All accounts together</option>
        {accounts.map(({ ad_account_id, name }) => (
          <option key={ad_account_id} value={ad_account_id ?? ""}>
            {name ?? ad_account_id}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
