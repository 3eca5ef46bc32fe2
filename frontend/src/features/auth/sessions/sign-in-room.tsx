import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter, useSearch } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { api, body } from "@/api/client";
import type { SignedIn } from "@/api/types";
import { beginSession } from "@/api/session";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { CodeForm } from "../mfa/code-form";
import { Door } from "../door";

/** Only an address of our own may follow a sign-in. */
function safePath(next: string | undefined): string {
  return next?.startsWith("/") === true && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}

export function SignInRoom() {
  const { next } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const client = useQueryClient();
  const [mfaToken, setMfaToken] = useState<string | null>(null);
  const enter = (signedIn: SignedIn) => {
    client.clear();
    beginSession(signedIn);
    router.history.push(safePath(next));
  };
  if (mfaToken !== null)
    return (
      <Door
        title="Second step"
        lead="The six digits that your authenticator shows, or one of your backup codes."
      >
        <CodeForm
          mfaToken={mfaToken}
          onSignedIn={enter}
          onBack={() => {
            setMfaToken(null);
          }}
        />
      </Door>
    );
  return (
    <Door
      title="Sign in"
      footer={
        <>
          New here?{" "}
          <Link to="/register" className={LINK}>
            Register a company
          </Link>
        </>
      }
    >
      <PasswordForm onSignedIn={enter} onSecondStep={setMfaToken} />
    </Door>
  );
}

interface PasswordFormProps {
  onSignedIn: (signedIn: SignedIn) => void;
  onSecondStep: (mfaToken: string) => void;
}

function PasswordForm({ onSignedIn, onSecondStep }: PasswordFormProps) {
  const signIn = useMutation({
    mutationFn: (credentials: { email: string; password: string }) =>
      body(api.POST("/api/v1/auth/login", { body: credentials })),
    onSuccess: (answer) => {
      if ("mfa_token" in answer) onSecondStep(answer.mfa_token);
      else onSignedIn(answer);
    },
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    signIn.mutate({ email: formText(form, "email"), password: formText(form, "password") });
  };
  const fields = fieldsOf(signIn.error);
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        required
        autoFocus
        error={fields["email"]}
      />
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        error={fields["password"]}
      />
      <FormError error={signIn.error} />
      <Button type="submit" tone="primary" busy={signIn.isPending} className="w-full">
        Sign in
      </Button>
      <p>
        <Link to="/forgot-password" className={LINK}>
          Forgot your password?
        </Link>
      </p>
    </form>
  );
}
