import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Door } from "../door";

export function ResetPasswordRoom() {
  const { token } = useSearch({ from: "/reset-password" });
  const reset = useMutation({
    mutationFn: (password: string) =>
      body(api.POST("/api/v1/auth/password/reset", { body: { token: token ?? "", password } })),
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    reset.mutate(formText(event.currentTarget, "password"));
  };
  const fields = fieldsOf(reset.error);
  return (
    <Door title="Choose a new password" lead="Every session of yours is signed out when it is set.">
      {reset.isSuccess ? (
        <p role="status">
          Your password is set.{" "}
          <Link to="/sign-in" className={LINK}>
            Sign in
          </Link>
        </p>
      ) : (
        <form onSubmit={submit} className="space-y-4">
          <TextField
            label="New password"
            name="password"
            type="password"
            autoComplete="new-password"
            required
            autoFocus
            error={fields["password"] ?? fields["token"]}
          />
          <FormError error={reset.error} />
          <Button type="submit" tone="primary" busy={reset.isPending} className="w-full">
            Set the password
          </Button>
        </form>
      )}
    </Door>
  );
}
