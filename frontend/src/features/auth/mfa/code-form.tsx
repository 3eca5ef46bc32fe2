import { useMutation } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import type { SignedIn } from "@/api/types";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";

interface CodeFormProps {
  mfaToken: string;
  onSignedIn: (signedIn: SignedIn) => void;
  onBack: () => void;
}

export function CodeForm({ mfaToken, onSignedIn, onBack }: CodeFormProps) {
  const verify = useMutation({
    mutationFn: (code: string) =>
      body(api.POST("/api/v1/auth/mfa/verify", { body: { mfa_token: mfaToken, code } })),
    onSuccess: onSignedIn,
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    verify.mutate(formText(event.currentTarget, "code").replaceAll(" ", ""));
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="Code"
        name="code"
        autoComplete="one-time-code"
        inputMode="text"
        required
        autoFocus
        className="font-mono tracking-widest"
        error={fieldsOf(verify.error)["code"]}
      />
      <FormError error={verify.error} />
      <Button type="submit" tone="primary" busy={verify.isPending} className="w-full">
        Verify
      </Button>
      <Button tone="quiet" className="w-full" onClick={onBack}>
        Back to the password
      </Button>
    </form>
  );
}
