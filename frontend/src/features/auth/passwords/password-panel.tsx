import { useMutation } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { sessionEnded } from "@/api/session";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Panel } from "@/design/panel";

/** A changed password revokes every session, this one too: the next step is to sign in. */
export function PasswordPanel() {
  const change = useMutation({
    mutationFn: (passwords: { current_password: string; new_password: string }) =>
      body(api.POST("/api/v1/auth/password/change", { body: passwords })),
    onSuccess: sessionEnded,
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    change.mutate({
      current_password: formText(form, "current_password"),
      new_password: formText(form, "new_password"),
    });
  };
  const fields = fieldsOf(change.error);
  return (
    <Panel title="Password">
      <form onSubmit={submit} className="grid items-start gap-4 p-4 sm:grid-cols-[240px_240px_auto]">
        <TextField
          label="Current password"
          name="current_password"
          type="password"
          autoComplete="current-password"
          required
          error={fields["current_password"]}
        />
        <TextField
          label="New password"
          name="new_password"
          type="password"
          autoComplete="new-password"
          hint="It signs you out everywhere."
          required
          error={fields["new_password"]}
        />
        <Button type="submit" busy={change.isPending} className="w-fit sm:mt-6">
          Change it
        </Button>
      </form>
      <FormError error={change.error} />
    </Panel>
  );
}
