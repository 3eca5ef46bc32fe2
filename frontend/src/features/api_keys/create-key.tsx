import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { meQuery } from "@/api/queries";
import { Button } from "@/design/button";
import { CopyButton } from "@/design/copy-button";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";

const DAY_MS = 86_400_000;

function expiry(days: string): { expires_at?: string } {
  return days === "" ? {} : { expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString() };
}

/** Nobody can give a key more than they have: the scopes on offer are one's own permissions. */
export function CreateKey() {
  const me = useQuery(meQuery);
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: (form: HTMLFormElement) =>
      body(
        api.POST("/api/v1/api-keys", {
          body: {
            name: formText(form, "name"),
            scopes: new FormData(form).getAll("scopes").filter((scope) => typeof scope === "string"),
            ...expiry(formText(form, "days")),
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["api_keys"] }),
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(event.currentTarget);
  };
  const fields = fieldsOf(create.error);
  return (
    <form onSubmit={submit} className="space-y-3 border-b border-line p-4">
      <div className="grid items-start gap-3 sm:grid-cols-[280px_144px_auto]">
        <TextField label="Name" name="name" required maxLength={100} error={fields["name"]} />
        <SelectField label="Ends" name="days" defaultValue="90" error={fields["expires_at"]}>
          <option value="30">In 30 days</option>
          <option value="90">In 90 days</option>
          <option value="365">In a year</option>
          <option value="">Never</option>
        </SelectField>
        <Button type="submit" busy={create.isPending} className="w-fit sm:mt-6">
          Make a key
        </Button>
      </div>
      <fieldset>
        <legend className="mb-1 font-medium text-ink-2">What it may do</legend>
        <div className="grid max-h-48 gap-x-4 gap-y-1 overflow-y-auto rounded-md border border-line p-2 sm:grid-cols-2 lg:grid-cols-3">
          {me.data?.permissions.map((permission) => (
            <label key={permission} className="flex items-center gap-2 font-mono text-sm">
              <input type="checkbox" name="scopes" value={permission} className="accent-accent" />
              {permission}
            </label>
          ))}
        </div>
        {fields["scopes"] !== undefined && (
          <p role="alert" className="mt-1 text-sm text-block">
            {fields["scopes"]}
          </p>
        )}
      </fieldset>
      <FormError error={create.error} />
      <div role="status">
        {create.isSuccess && (
          <div className="border-l-2 border-hold pl-4">
            <p className="font-medium">Your key, shown this once</p>
            <p className="flex items-center gap-2">
              <code className="min-w-0 font-mono break-all">{create.data.key}</code>
              <CopyButton text={create.data.key} label="Copy the key" />
            </p>
          </div>
        )}
      </div>
    </form>
  );
}
