import { useQuery } from "@tanstack/react-query";
import { SelectField } from "@/design/field";
import { Panel } from "@/design/panel";
import { adAccountsQuery } from "../integrations/ad_accounts/queries";
import { CheckList } from "./check-list";
import { type Definition, type Known, PLATFORM_WORDS } from "./definition";

type Scope = Definition["scope"];
type Option = readonly [string, string];

const STATUSES = [
  ["active", "Active"],
  ["paused", "Paused"],
] as const;
const PLATFORMS = Object.entries(PLATFORM_WORDS) as [keyof typeof PLATFORM_WORDS, string][];
const MATURITIES = ["1.00", "0.95", "0.90", "0.80", "0.70", "0.60", "0.50"];

interface ScopePanelProps {
  definition: Definition;
  known: Known;
  define: (change: Partial<Definition>) => void;
}

/** The rule's set, and how far the attribution of a day must be for it to count. */
export function ScopePanel({ definition, known, define }: ScopePanelProps) {
  const accounts = useQuery(adAccountsQuery).data?.items ?? [];
  const { scope } = definition;
  const put = (change: Partial<Scope>) => {
    define({ scope: { ...scope, ...change } });
  };
  const there = accounts.map((each): Option => [each.id, each.name]);
  const labels = known.labels.map((each): Option => [each.id, each.name]);
  return (
    <Panel title="Which campaigns">
      <div className="grid gap-4 p-4 sm:grid-cols-2">
        <CheckList
          legend="That are"
          options={STATUSES}
          chosen={scope.statuses}
          onChoose={(statuses) => {
            put({ statuses });
          }}
        />
        <CheckList
          legend="Of these platforms"
          options={PLATFORMS}
          chosen={scope.platforms}
          onChoose={(platforms) => {
            put({ platforms });
          }}
          hint="None chosen: of any."
        />
        <CheckList
          legend="Of these ad accounts"
          options={[...there, ...gone(scope.ad_account_ids, there, "An account that is gone")]}
          chosen={scope.ad_account_ids}
          onChoose={(ad_account_ids) => {
            put({ ad_account_ids });
          }}
          hint={there.length === 0 ? "There is none yet." : "None chosen: of any."}
        />
        <CheckList
          legend="With any of these labels"
          options={[...labels, ...gone(scope.label_ids, labels, "A label that is gone")]}
          chosen={scope.label_ids}
          onChoose={(label_ids) => {
            put({ label_ids });
          }}
          hint={labels.length === 0 ? "There is none yet." : "None chosen: all. Names are asked for below."}
        />
        <div className="sm:col-span-2">
          <Maturity
            least={definition.minimum_maturity}
            onChoose={(minimum_maturity) => {
              define({ minimum_maturity });
            }}
          />
        </div>
      </div>
    </Panel>
  );
}

/** What is chosen and is not there any more: it can be taken off. */
function gone(chosen: readonly string[], there: readonly Option[], said: string): Option[] {
  const known = new Set(there.map(([id]) => id));
  return chosen.filter((id) => !known.has(id)).map((id) => [id, said]);
}

function Maturity({
  least,
  onChoose,
}: {
  least: Definition["minimum_maturity"];
  onChoose: (least: string) => void;
}) {
  const now = Number(least).toFixed(2);
  const offered = MATURITIES.includes(now) ? MATURITIES : [now, ...MATURITIES];
  return (
    <SelectField
      label="Conversions of a day are known once"
      hint="Before, a rule that asks for them holds for nobody: what is still attributed may turn a loser into a winner."
      value={now}
      onChange={(event) => {
        onChoose(event.target.value);
      }}
    >
      {offered.map((each) => (
        <option key={each} value={each}>
          {Math.round(Number(each) * 100)} % of its attribution window has passed
        </option>
      ))}
    </SelectField>
  );
}
