import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { api, body } from "@/api/client";
import { meQuery } from "@/api/queries";
import { Button } from "@/design/button";
import { cx, LINK } from "@/design/classes";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { needsPassword } from "../door";
import { BackupCodes } from "./backup-codes";
import { Enroll } from "./enroll";
import { PasswordAgain } from "./password-again";

export function MfaPanel() {
  const me = useQuery(meQuery);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  return (
    <Panel title="Second factor">
      <Loaded query={me} rows={2}>
        {({ user }) => (
          <div className="space-y-4 p-4">
            {codes !== null && <BackupCodes codes={codes} />}
            {user.mfa_enabled ? <Enabled onCodes={setCodes} /> : <Enroll onEnrolled={setCodes} />}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Enabled({ onCodes }: { onCodes: (codes: readonly string[]) => void }) {
  const [asked, setAsked] = useState(false);
  const renew = useMutation({
    mutationFn: ({ code, password }: { code: string; password: string }) =>
      body(
        api.POST("/api/v1/auth/mfa/backup-codes", {
          body: { code, password: password === "" ? null : password },
        }),
      ),
    onError: (error) => {
      if (needsPassword(error)) setAsked(true);
    },
    onSuccess: ({ backup_codes }) => {
      onCodes(backup_codes);
    },
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    renew.mutate({ code: formText(form, "code"), password: formText(form, "password") });
  };
  return (
    <>
      <Status tone="pass">On: an authenticator’s code is asked for at each sign-in.</Status>
      <details>
        <summary className={cx("w-fit", LINK)}>New backup codes</summary>
        <form onSubmit={submit} className="mt-3 flex flex-wrap items-start gap-3">
          {asked && <PasswordAgain />}
          <div className="w-40">
            <TextField
              label="Code"
              name="code"
              autoComplete="one-time-code"
              required
              error={fieldsOf(renew.error)["code"]}
            />
          </div>
          <Button type="submit" busy={renew.isPending} className="mt-6">
            Make them
          </Button>
        </form>
        {!needsPassword(renew.error) && <FormError error={renew.error} />}
      </details>
      <details>
        <summary className={cx("w-fit", LINK)}>Turn it off</summary>
        <DisableForm />
      </details>
    </>
  );
}

function DisableForm() {
  const client = useQueryClient();
  const disable = useMutation({
    mutationFn: (proof: { password: string; code: string }) =>
      body(api.POST("/api/v1/auth/mfa/disable", { body: proof })),
    onSuccess: () => client.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    disable.mutate({ password: formText(form, "password"), code: formText(form, "code") });
  };
  const fields = fieldsOf(disable.error);
  return (
    <form onSubmit={submit} className="mt-3 grid items-start gap-3 sm:grid-cols-[240px_160px_auto]">
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        error={fields["password"]}
      />
      <TextField label="Code" name="code" autoComplete="one-time-code" required error={fields["code"]} />
      <Button type="submit" tone="danger" busy={disable.isPending} className="w-fit sm:mt-6">
        Turn it off
      </Button>
      <FormError error={disable.error} />
    </form>
  );
}
