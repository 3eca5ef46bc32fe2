import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Rule, RuleTemplate } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK, LINK } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { fieldsOf, FormError } from "@/design/form";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { AutopilotFrame } from "../autopilot/autopilot-frame";
import type { Schedule } from "./definition";
import { rulesQuery, templatesQuery, useTemplate } from "./queries";
import { scheduleInWords } from "./sentences";

export function RulesRoom() {
  const search = useSearch({ from: "/signed-in/autopilot/rules" });
  const rules = useQuery(rulesQuery(search));
  const mayWrite = useCan("rules:write");
  const archived = search.show === "archived";
  return (
    <AutopilotFrame>
      {mayWrite && (
        <div className="flex justify-end max-sm:px-4">
          <Button asChild tone="primary">
            <Link to="/autopilot/rules/new">
              <Plus size={14} aria-hidden />
              New rule
            </Link>
          </Button>
        </div>
      )}
      <Panel
        title={archived ? "Archived rules" : "Rules"}
        aside={
          <Link to="/autopilot/rules" search={archived ? {} : { show: "archived" }} className={LINK}>
            {archived ? "Those in use" : "Archived ones"}
          </Link>
        }
      >
        <Loaded query={rules} rows={6}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title={archived ? "No rule was archived." : "No rules yet."}>
                A rule says what is to be done with campaigns when. What it proposes goes through the gate.
              </Empty>
            ) : (
              <>
                <Rules items={page.items} />
                <Pages page={page.page} pages={page.pages} />
              </>
            )
          }
        </Loaded>
      </Panel>
      {mayWrite && !archived && <Templates />}
    </AutopilotFrame>
  );
}

function Rules({ items }: { items: readonly Rule[] }) {
  return (
    <Table label="Rules">
      <thead>
        <tr>
          <Th>Rule</Th>
          <Th>State</Th>
          <Th>Evaluated</Th>
          <Th figure>Last</Th>
        </tr>
      </thead>
      <tbody>
        {items.map((rule) => (
          <Tr key={rule.id}>
            <Td className="min-w-48">
              <Link to="/autopilot/rules/$ruleId" params={{ ruleId: rule.id }} className={ENTRY_LINK}>
                {rule.name}
              </Link>
              {rule.description !== "" && (
                <p className="max-w-prose truncate text-sm text-ink-3">{rule.description}</p>
              )}
            </Td>
            <Td>
              <RuleState state={rule.state} />
            </Td>
            <Td className="text-ink-2">{scheduleInWords(rule.schedule as unknown as Schedule)}</Td>
            <Td figure>
              <Age domain at={rule.last_run_at} why="it has not been evaluated yet" />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

export function RuleState({ state }: { state: Rule["state"] }) {
  if (state === "on") return <Status tone="pass">On</Status>;
  return <Status tone="muted">{state === "off" ? "Off" : "Archived"}</Status>;
}

function Pages({ page, pages }: { page: number; pages: number }) {
  if (pages < 2) return null;
  return (
    <nav aria-label="Pages" className="flex justify-end gap-3 border-t border-line px-4 py-2">
      {page > 1 && (
        <Link from="/autopilot/rules" to="." search={(was) => ({ ...was, page: page - 1 })} className={LINK}>
          Previous
        </Link>
      )}
      Page {page} of {pages}
      {page < pages && (
        <Link from="/autopilot/rules" to="." search={(was) => ({ ...was, page: page + 1 })} className={LINK}>
          Next
        </Link>
      )}
    </nav>
  );
}

function Templates() {
  const templates = useQuery(templatesQuery);
  const [chosen, setChosen] = useState<RuleTemplate | null>(null);
  return (
    <Panel title="Begin with a well-known one">
      <Loaded query={templates} rows={4}>
        {(found) => (
          <ul className="divide-y divide-line">
            {found.map((each) => (
              <li key={each.name} className="flex items-center justify-between gap-4 px-4 py-2.5">
                <div>
                  <p className="font-medium">{each.title}</p>
                  <p className="text-ink-2">{each.description}</p>
                </div>
                <Button
                  onClick={() => {
                    setChosen(each);
                  }}
                >
                  Use
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <Dialog
        open={chosen !== null}
        onOpenChange={(open) => {
          if (!open) setChosen(null);
        }}
        title={chosen?.title ?? ""}
      >
        {chosen !== null && <TemplateForm key={chosen.name} template={chosen} />}
      </Dialog>
    </Panel>
  );
}

function TemplateForm({ template }: { template: RuleTemplate }) {
  const use = useTemplate();
  const navigate = useNavigate();
  const fields = fieldsOf(use.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const values: Record<string, number> = {};
    for (const { name } of template.parameters) {
      const typed = Number(form.get(name));
      if (form.get(name) !== "" && Number.isFinite(typed)) values[name] = typed;
    }
    use.mutate(
      { name: template.name, values },
      {
        onSuccess: ({ id }) => void navigate({ to: "/autopilot/rules/$ruleId", params: { ruleId: id } }),
      },
    );
  };
  return (
    <form className="space-y-4" onSubmit={submit} noValidate>
      {template.parameters.map((each) => (
        <TextField
          key={each.name}
          name={each.name}
          label={each.kind === "percent" ? `${each.label}, %` : each.label}
          inputMode="decimal"
          defaultValue={each.default ?? ""}
          error={fields[`values.${each.name}`]}
          {...(each.kind === "money" && { hint: "In the company’s currency." })}
        />
      ))}
      <FormError error={use.error} />
      <Button type="submit" tone="primary" busy={use.isPending}>
        Make the rule
      </Button>
      <p className="text-sm text-ink-3">It is switched off until you have looked at what it would do.</p>
    </form>
  );
}
