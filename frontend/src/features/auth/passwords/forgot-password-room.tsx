import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Door } from "../door";

export function ForgotPasswordRoom() {
  const forgot = useMutation({
    mutationFn: (email: string) => body(api.POST("/api/v1/auth/password/forgot", { body: { email } })),
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    forgot.mutate(formText(event.currentTarget, "email"));
  };
  return (
    <Door
      title="Forgot your password"
      footer={
        <Link to="/sign-in" className={LINK}>
          Back to sign-in
        </Link>
      }
    >
      {forgot.isSuccess ? (
        <p role="status">{forgot.data.message}</p>
      ) : (
        <form onSubmit={submit} className="space-y-4">
          <TextField
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            required
            autoFocus
            error={fieldsOf(forgot.error)["email"]}
          />
          <FormError error={forgot.error} />
          <Button type="submit" tone="primary" busy={forgot.isPending} className="w-full">
            Send a link
          </Button>
        </form>
      )}
    </Door>
  );
}
