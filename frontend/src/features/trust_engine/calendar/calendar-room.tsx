import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useDomainOffset } from "@/api/domain-clock";
import { useCan } from "@/api/permissions";
import type { CalendarEntry } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { SelectField, TextField } from "@/design/field";
import { Moment, useNow } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { useAccountName } from "@/features/integrations/ad_accounts/account-picker";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { words } from "@/format/words";
import { TrustFrame } from "../trust-frame";
import { calendarQuery, useEnter, useStrike } from "./queries";

export function CalendarRoom() {
  const { show } = useSearch({ from: "/signed-in/trust/calendar" });
  const mayWrite = useCan("trust_engine.calendar:write");
  const entries = useInfiniteQuery(calendarQuery(show === "all"));
  return (
    <TrustFrame>
      {mayWrite && (
        <Panel title="Enter a time">
          <EnterForm />
        </Panel>
      )}
      <Panel title="Calendar" aside={<Which />}>
        <Listed
          query={entries}
          more="Earlier times"
          empty={
            <Empty title="Nothing is entered.">
              In a promotion unusual figures are expected, and automation cuts nothing by itself. In a change
              freeze nothing changes but what is always safe.
            </Empty>
          }
        >
          {(items) => <Entries entries={items} mayWrite={mayWrite} />}
        </Listed>
      </Panel>
    </TrustFrame>
  );
}

function Entries({ entries, mayWrite }: { entries: readonly CalendarEntry[]; mayWrite: boolean }) {
  const nameOf = useAccountName();
  const strike = useStrike();
  return (
    <Table label="Calendar">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>For</Th>
          <Th>State</Th>
          <Th figure>From</Th>
          <Th figure>To</Th>
          <ThActions />
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Tr key={entry.id}>
            <Td>
              <span className="font-medium">{entry.name}</span>
              <div className="text-sm text-ink-3">
                {words(entry.kind)} · by {entry.created_by}
              </div>
            </Td>
            <Td>
              {entry.ad_account_id === null ? "Every account" : (nameOf(entry.ad_account_id) ?? "an account")}
            </Td>
            <Td>
              <When entry={entry} />
            </Td>
            <Td figure>
              <Moment at={entry.starts_at} />
            </Td>
            <Td figure>
              <Moment at={entry.ends_at} />
            </Td>
            <Td figure>
              {mayWrite && (
                <ConfirmButton label="Strike" title={`Strike “${entry.name}”?`} act={() => strike(entry.id)}>
                  Decisions from now on no longer read it; those that were made stand.
                </ConfirmButton>
              )}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function When({ entry }: { entry: CalendarEntry }) {
  const now = useNow() + useDomainOffset();
  if (Date.parse(entry.ends_at) <= now) return <Status tone="muted">Over</Status>;
  if (Date.parse(entry.starts_at) > now) return <Status tone="accent">To come</Status>;
  return <Status tone="hold">On now</Status>;
}

function EnterForm() {
  const enter = useEnter();
  const accounts = useQuery(adAccountsQuery);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const account = formText(form, "ad_account_id");
    enter.mutate(
      {
        kind: formText(form, "kind") as CalendarEntry["kind"],
        name: formText(form, "name"),
        starts_at: new Date(formText(form, "starts_at")).toISOString(),
        ends_at: new Date(formText(form, "ends_at")).toISOString(),
        ad_account_id: account === "" ? null : account,
      },
      {
        onSuccess: () => {
          form.reset();
        },
      },
    );
  };
  const fields = fieldsOf(enter.error);
  return (
    <form onSubmit={submit} className="p-4">
      <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <SelectField label="Kind" name="kind" error={fields["kind"]}>
          <option value="promotion">Promotion: nothing is cut by itself</option>
          <option value="change_freeze">Change freeze: nothing changes</option>
        </SelectField>
        <TextField label="Name" name="name" required autoComplete="off" error={fields["name"]} />
        <SelectField label="For" name="ad_account_id" error={fields["ad_account_id"]}>
          <option value="">Every account</option>
          {accounts.data?.items.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <TextField
          label="From, your time"
          name="starts_at"
          type="datetime-local"
          required
          error={fields["starts_at"]}
        />
        <TextField
          label="To, your time"
          name="ends_at"
          type="datetime-local"
          required
          error={fields["ends_at"]}
        />
      </div>
      <div className="mt-4 flex items-center gap-3">
        <Button type="submit" tone="primary" busy={enter.isPending}>
          Enter
        </Button>
        <span role="status" className="text-ink-2">
          {enter.isSuccess && "Entered. The next decision reads it."}
        </span>
      </div>
      <FormError error={enter.error} />
    </form>
  );
}

function Which() {
  return (
    <PanelTabs label="Which times">
      <PanelTab to="/trust/calendar" search={{ show: undefined }}>
        Now and to come
      </PanelTab>
      <PanelTab to="/trust/calendar" search={{ show: "all" }}>
        All
      </PanelTab>
    </PanelTabs>
  );
}
