import { useQuery } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { type Keeping, keepingQuery, useSetKeeping } from "./queries";

/** How long what is kept. */
export function Retention() {
  const keeping = useQuery(keepingQuery);
  return (
    <Panel title="How long it is kept">
      <Loaded query={keeping}>
        {({ event_days = null, verdict_days = null, export_hours }) => (
          <KeepingForm keeping={{ event_days, verdict_days, export_hours }} />
        )}
      </Loaded>
    </Panel>
  );
}

const days = (text: string): number | null => (text.trim() === "" ? null : Number(text));

function KeepingForm({ keeping }: { keeping: Keeping }) {
  const mayChange = useCan("cdp.privacy:admin");
  const save = useSetKeeping();
  const fields = fieldsOf(save.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    save.mutate({
      event_days: days(formText(form, "event_days")),
      verdict_days: days(formText(form, "verdict_days")),
      export_hours: Number(formText(form, "export_hours")),
    });
  };
  return (
    <form onSubmit={submit} className="space-y-4 p-4">
      <fieldset disabled={!mayChange} className="grid gap-4 md:grid-cols-3">
        <TextField
          label="Days that events are kept"
          name="event_days"
          type="number"
          min={1}
          max={3650}
          placeholder="As long as the platform does"
          defaultValue={keeping.event_days ?? ""}
          error={fields["event_days"]}
          hint="Older events go within the hour, for good. Profiles keep their sums; segments, funnels and retention over longer times see no events that are gone."
        />
        <TextField
          label="Days that refused events are kept"
          name="verdict_days"
          type="number"
          min={1}
          max={3650}
          placeholder="As long as the platform does"
          defaultValue={keeping.verdict_days ?? ""}
          error={fields["verdict_days"]}
          hint="So long they can be read, put right and sent through again."
        />
        <TextField
          label="Hours that an export can be fetched"
          name="export_hours"
          type="number"
          required
          min={1}
          max={720}
          defaultValue={keeping.export_hours}
          error={fields["export_hours"]}
          hint="Then it is deleted: it holds all of a person’s data in one place."
        />
      </fieldset>
      <FormError error={save.error} />
      {mayChange && (
        <div className="flex items-center gap-3">
          <Button type="submit" tone="primary" busy={save.isPending}>
            Save
          </Button>
          <span role="status" className="text-ink-2">
            {save.isSuccess && "Saved."}
          </span>
        </div>
      )}
    </form>
  );
}
