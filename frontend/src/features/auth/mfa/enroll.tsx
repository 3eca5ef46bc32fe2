import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { api, body } from "@/api/client";
import { meQuery } from "@/api/queries";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { needsPassword } from "../door";
import { PasswordAgain } from "./password-again";

export function Enroll({ onEnrolled }: { onEnrolled: (backupCodes: readonly string[]) => void }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const enroll = useMutation({
    mutationFn: (password: string) =>
      body(api.POST("/api/v1/auth/mfa/enroll", { body: { password: password === "" ? null : password } })),
    onError: (error) => {
      if (needsPassword(error)) setAsked(true);
    },
  });
  const begin = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    enroll.mutate(formText(event.currentTarget, "password"));
  };
  const confirm = useMutation({
    mutationFn: (code: string) => body(api.POST("/api/v1/auth/mfa/confirm", { body: { code } })),
    onSuccess: ({ backup_codes }) => {
      onEnrolled(backup_codes);
      return client.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    confirm.mutate(formText(event.currentTarget, "code").replaceAll(" ", ""));
  };
  if (!enroll.isSuccess)
    return (
      <form onSubmit={begin} className="max-w-72 space-y-4">
        <p className="text-ink-2">Off: a password alone opens this account.</p>
        {asked && <PasswordAgain />}
        {!needsPassword(enroll.error) && <FormError error={enroll.error} />}
        <Button type="submit" busy={enroll.isPending}>
          Set up an authenticator
        </Button>
      </form>
    );
  const { qr_svg, secret } = enroll.data;
  return (
    <div className="flex flex-wrap gap-6">
      <img
        src={`data:image/svg+xml,${encodeURIComponent(qr_svg)}`}
        alt="QR code for your authenticator. The key beside it says the same."
        className="size-40 rounded-sm bg-paper p-2"
      />
      <form onSubmit={submit} className="max-w-72 space-y-4">
        <p>
          Scan it with an authenticator, or type the key{" "}
          <code className="font-mono text-sm break-all">{secret}</code>.
        </p>
        <TextField
          label="The code it shows"
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          error={fieldsOf(confirm.error)["code"]}
        />
        <FormError error={confirm.error} />
        <Button type="submit" tone="primary" busy={confirm.isPending}>
          Turn it on
        </Button>
      </form>
    </div>
  );
}
