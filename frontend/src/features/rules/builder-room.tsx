import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Rule, RulePreview } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextArea, TextField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { Page, Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { plural, words } from "@/format/words";
import { labelsQuery } from "../campaigns/labels/queries";
import { useDebounced } from "../cdp/segments/use-debounced";
import { adAccountsQuery } from "../integrations/ad_accounts/queries";
import { ActionsEditor } from "./actions-editor";
import { BacktestPanel } from "./backtest-panel";
import { GroupEditor } from "./condition-editor";
import {
  blankDefinition,
  type Definition,
  type Known,
  openPart,
  openSchedule,
  rooted,
  type Schedule,
} from "./definition";
import {
  conflictsQuery,
  previewQuery,
  type RuleDraft,
  ruleQuery,
  useChangeRule,
  useCreateRule,
} from "./queries";
import { SchedulePanel } from "./schedule-panel";
import { ScopePanel } from "./scope-panel";
import { Verdicts } from "./verdicts";

const STANDS_FOR_MS = 450;

export function NewRuleRoom() {
  const create = useCreateRule();
  const navigate = useNavigate();
  const accounts = useQuery(adAccountsQuery);
  return (
    <Loaded query={accounts} rows={12}>
      {(found) => (
        <Builder
          title="New rule"
          currency={found.items[0]?.currency ?? "USD"}
          save={(draft) => {
            create.mutate(draft, {
              onSuccess: ({ id }) =>
                void navigate({ to: "/autopilot/rules/$ruleId", params: { ruleId: id } }),
            });
          }}
          saving={create.isPending}
          error={create.error}
        />
      )}
    </Loaded>
  );
}

export function EditRuleRoom() {
  const { ruleId } = useParams({ from: "/signed-in/autopilot/rules/$ruleId/edit" });
  const rule = useQuery(ruleQuery(ruleId));
  return (
    <Loaded query={rule} rows={12}>
      {(data) => <Editing key={data.id} rule={data} />}
    </Loaded>
  );
}

function Editing({ rule }: { rule: Rule }) {
  const change = useChangeRule(rule.id);
  const navigate = useNavigate();
  return (
    <Builder
      title={`Edit ${rule.name}`}
      rule={rule}
      currency="USD"
      save={(draft) => {
        change.mutate(draft, {
          onSuccess: () => void navigate({ to: "/autopilot/rules/$ruleId", params: { ruleId: rule.id } }),
        });
      }}
      saving={change.isPending}
      error={change.error}
    />
  );
}

interface BuilderProps {
  title: string;
  currency: string;
  rule?: Rule;
  save: (draft: RuleDraft) => void;
  saving: boolean;
  error: Error | null;
}

function draftOf(rule: Rule | undefined, currency: string): RuleDraft {
  const made = {
    name: "",
    description: "",
    definition: blankDefinition(currency),
    schedule: { every_minutes: 1440, at: "07:00", timezone: "UTC", parts: [] } satisfies Schedule,
    cooldown_hours: 24,
    accept_conflicts: false,
  };
  if (rule === undefined) return made;
  return {
    name: rule.name,
    description: rule.description,
    definition: rule.definition as unknown as Definition,
    schedule: rule.schedule as unknown as Schedule,
    cooldown_hours: rule.cooldown_hours,
    accept_conflicts: false,
  };
}

function Builder({ title, currency, rule, save, saving, error }: BuilderProps) {
  const [draft, setDraft] = useState(() => draftOf(rule, currency));
  const labels = useQuery(labelsQuery);
  const known: Known = { currency, labels: labels.data?.items ?? [] };
  const { definition } = draft;
  const put = (change: Partial<RuleDraft>) => {
    setDraft((was) => ({ ...was, ...change }));
  };
  const define = (change: Partial<Definition>) => {
    put({ definition: { ...definition, ...change } });
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const open = openPart(definition) ?? openSchedule(draft.schedule);
    if (open === null && draft.name.trim() !== "") save({ ...draft, name: draft.name.trim() });
  };
  return (
    <Page title={title} lead="Say what is to be done when; what it would do now stands below as you build.">
      <nav aria-label="Back" className="max-sm:px-4">
        <Link to="/autopilot/rules" className={LINK}>
          All rules
        </Link>
      </nav>
      <form
        onSubmit={submit}
        noValidate
        aria-label="Rule"
        className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,1fr)_320px]"
      >
        <div className="min-w-0 space-y-4">
          <ScopePanel definition={definition} known={known} define={define} />
          <Panel title="When">
            <div className="p-3 max-sm:p-2">
              <GroupEditor
                node={rooted(definition.condition)}
                known={known}
                onChange={(condition) => {
                  define({ condition });
                }}
              />
            </div>
          </Panel>
          <Panel title="Then">
            <div className="p-3 max-sm:p-2">
              <ActionsEditor
                actions={definition.actions}
                known={known}
                onChange={(actions) => {
                  define({ actions });
                }}
              />
              <p className="mt-2 text-sm text-ink-3">
                Changes at a platform are proposed to the gate, like anything else.
              </p>
            </div>
          </Panel>
          <PreviewPanel draft={draft} />
          <BacktestPanel
            definition={definition}
            schedule={draft.schedule}
            cooldownHours={draft.cooldown_hours}
          />
        </div>
        <div className="space-y-4 lg:sticky lg:top-16">
          <SchedulePanel draft={draft} put={put} />
          <SavePanel draft={draft} put={put} ruleId={rule?.id ?? null} saving={saving} error={error} />
        </div>
      </form>
    </Page>
  );
}

function PreviewPanel({ draft }: { draft: RuleDraft }) {
  const settled = useDebounced(draft, STANDS_FOR_MS);
  const preview = useQuery(previewQuery(settled.name, settled.definition));
  const open = openPart(draft.definition);
  const waits = settled !== draft || preview.isFetching;
  return (
    <Panel
      title="What it would do now"
      aside={<span className="text-sm text-ink-3">{waits ? "looking…" : "as of now"}</span>}
    >
      <div aria-live="polite" aria-busy={waits}>
        {open !== null && <p className="p-4 text-ink-2">{open}</p>}
        {open === null && preview.isError && <ErrorNote error={preview.error} />}
        {open === null && preview.data !== undefined && !preview.isError && <Answer found={preview.data} />}
      </div>
    </Panel>
  );
}

function Answer({ found }: { found: RulePreview }) {
  const reasons = Object.entries(found.unknown_by_reason).map(
    ([why, count]) => `${count} ${words(why).toLowerCase()}`,
  );
  return (
    <>
      <p className="px-4 py-3">
        It holds for {found.held} of {plural(found.considered, "campaign")}
        {found.unknown > 0 && `; of ${found.unknown} it is not known (${reasons.join(", ")})`}.
      </p>
      {found.campaigns.length > 0 && <Verdicts lines={found.campaigns} />}
    </>
  );
}

interface PanelProps {
  draft: RuleDraft;
  put: (change: Partial<RuleDraft>) => void;
}

interface SavePanelProps extends PanelProps {
  ruleId: string | null;
  saving: boolean;
  error: Error | null;
}

function SavePanel({ draft, put, ruleId, saving, error }: SavePanelProps) {
  const mayWrite = useCan("rules:write");
  const fields = fieldsOf(error);
  const others = Object.entries(fields).filter(([field]) => field !== "name" && field !== "description");
  return (
    <Panel title="Save it">
      <div className="space-y-3 p-4">
        <TextField
          label="Name"
          required
          maxLength={120}
          value={draft.name}
          error={fields["name"]}
          onChange={(event) => {
            put({ name: event.target.value });
          }}
        />
        <TextArea
          label="What it is for"
          rows={2}
          maxLength={1000}
          value={draft.description}
          error={fields["description"]}
          onChange={(event) => {
            put({ description: event.target.value });
          }}
        />
        <Conflicts draft={draft} put={put} ruleId={ruleId} />
        {others.map(([field, message]) => (
          <p key={field} role="alert" className="text-sm text-block">
            {message}
          </p>
        ))}
        <FormError error={error} />
        <Button type="submit" tone="primary" className="w-full" busy={saving} disabled={!mayWrite}>
          Save rule
        </Button>
        {!mayWrite && <p className="text-sm text-ink-3">Managers and above can save rules.</p>}
      </div>
    </Panel>
  );
}

function Conflicts({ draft, put, ruleId }: PanelProps & { ruleId: string | null }) {
  const settled = useDebounced(draft.definition, STANDS_FOR_MS);
  const found = useQuery(conflictsQuery(settled, ruleId)).data?.conflicts ?? [];
  if (found.length === 0) return null;
  return (
    <section aria-label="Conflicts" className="space-y-2 rounded-md border border-hold p-2 text-sm">
      {found.map((each) => (
        <p key={each.rule_id}>{each.sentence}</p>
      ))}
      {found.some((each) => each.overlap === "witness") && (
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            checked={draft.accept_conflicts}
            onChange={(event) => {
              put({ accept_conflicts: event.target.checked });
            }}
          />
          Save it nevertheless
        </label>
      )}
    </section>
  );
}
