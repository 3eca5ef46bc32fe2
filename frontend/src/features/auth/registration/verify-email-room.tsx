import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Door } from "../door";

/** The link proves the mailbox, the password that it was this person who registered: either alone opens nothing. */
export function VerifyEmailRoom() {
  const { token } = useSearch({ from: "/verify-email" });
  const verify = useMutation({
    mutationFn: (proof: { token: string; password: string }) =>
      body(api.POST("/api/v1/auth/verify-email", { body: proof })),
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    verify.mutate({ token: token ?? "", password: formText(event.currentTarget, "password") });
  };
  return (
    <Door title="Verify your e-mail">
      {token === undefined && <p>This link has no token. Open the one in the e-mail again.</p>}
      {token !== undefined && !verify.isSuccess && (
        <form onSubmit={submit} className="space-y-4">
          <p className="text-ink-2">Did you not register? Then close this page: nothing will happen.</p>
          <TextField
            label="The password you chose"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            autoFocus
            error={fieldsOf(verify.error)["password"]}
          />
          <FormError error={verify.error} />
          <Button type="submit" tone="primary" className="w-full" busy={verify.isPending}>
            Verify
          </Button>
        </form>
      )}
      {verify.isSuccess && (
        <p role="status">
          Your address is verified.{" "}
          <Link to="/sign-in" className={LINK}>
            Sign in
          </Link>
        </p>
      )}
    </Door>
  );
}
