import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { useCan } from "@/api/permissions";
import type { components } from "@/api/schema";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";

const tenantQuery = queryOptions({
  queryKey: ["tenants", "current"],
  queryFn: () => body(api.GET("/api/v1/tenants/current")),
});

export function CompanyRoom() {
  const tenant = useQuery(tenantQuery);
  return (
    <SettingsFrame>
      <Panel title="Company">
        <Loaded query={tenant}>{(data) => <CompanyForm tenant={data} />}</Loaded>
      </Panel>
      {tenant.data !== undefined && <NextCompany like={tenant.data} />}
    </SettingsFrame>
  );
}

/** An agency's next client: it begins with this company's time zone and currency. */
function NextCompany({ like }: { like: components["schemas"]["TenantRead"] }) {
  const mayMake = useCan("tenants:admin");
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: (name: string) =>
      body(api.POST("/api/v1/tenants", { body: { name, timezone: like.timezone, currency: like.currency } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["auth", "me"] }),
  });
  if (!mayMake) return null;
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    make.mutate(formText(event.currentTarget, "name"));
  };
  return (
    <Panel title="Another company">
      <form onSubmit={submit} className="p-4">
        <p className="mb-3 text-ink-2">
          For a client of yours: with its own data, people and platforms. You are its first admin.
        </p>
        <div className="flex max-w-2xl items-start gap-3">
          <div className="flex-1">
            <TextField label="Its name" name="name" required error={fieldsOf(make.error)["name"]} />
          </div>
          <Button type="submit" busy={make.isPending} className="mt-6">
            Make the company
          </Button>
        </div>
        <FormError error={make.error} />
        <p role="status" className="mt-2 text-ink-2">
          {make.isSuccess && `${make.data.name} stands in the switcher, at the top of the page.`}
        </p>
      </form>
    </Panel>
  );
}

function CompanyForm({ tenant }: { tenant: components["schemas"]["TenantRead"] }) {
  const mayWrite = useCan("tenants:write");
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (change: components["schemas"]["TenantPatch"]) =>
      body(api.PATCH("/api/v1/tenants/current", { body: change })),
    onSuccess: (saved) => {
      client.setQueryData(tenantQuery.queryKey, saved);
      return client.invalidateQueries({ queryKey: ["auth", "me"] });
    },
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    save.mutate({
      name: formText(form, "name"),
      timezone: formText(form, "timezone"),
      currency: formText(form, "currency").toUpperCase(),
    });
  };
  const fields = fieldsOf(save.error);
  return (
    <form onSubmit={submit} className="p-4">
      <fieldset disabled={!mayWrite} className="grid max-w-2xl gap-4 sm:grid-cols-[1fr_1fr_96px]">
        <TextField label="Name" name="name" required defaultValue={tenant.name} error={fields["name"]} />
        <TextField
          label="Time zone"
          name="timezone"
          required
          list="zones"
          defaultValue={tenant.timezone}
          error={fields["timezone"]}
        />
        <TextField
          label="Currency"
          name="currency"
          required
          pattern="[A-Za-z]{3}"
          defaultValue={tenant.currency}
          error={fields["currency"]}
        />
        <datalist id="zones">
          {Intl.supportedValuesOf("timeZone").map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </fieldset>
      <FormError error={save.error} />
      {mayWrite && (
        <div className="mt-4 flex items-center gap-3">
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
