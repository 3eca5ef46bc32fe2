import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Door } from "../auth/door";

export function AcceptInvitationRoom() {
  const { token } = useSearch({ from: "/accept-invitation" });
  const accept = useMutation({
    mutationFn: ({ full_name, password }: { full_name: string; password: string }) =>
      body(
        api.POST("/api/v1/invitations/accept", {
          body: {
            token: token ?? "",
            ...(full_name === "" ? {} : { full_name }),
            ...(password === "" ? {} : { password }),
          },
        }),
      ),
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    accept.mutate({ full_name: formText(form, "full_name"), password: formText(form, "password") });
  };
  const fields = fieldsOf(accept.error);
  return (
    <Door title="Accept the invitation" lead="If you have an account already, leave both fields empty.">
      {accept.isSuccess ? (
        <p role="status">
          You are in.{" "}
          <Link to="/sign-in" className={LINK}>
            Sign in
          </Link>
        </p>
      ) : (
        <form onSubmit={submit} className="space-y-4">
          <TextField label="Your name" name="full_name" autoComplete="name" error={fields["full_name"]} />
          <TextField
            label="Password"
            name="password"
            type="password"
            autoComplete="new-password"
            error={fields["password"]}
          />
          <FormError error={accept.error} />
          <Button type="submit" tone="primary" busy={accept.isPending} className="w-full">
            Accept
          </Button>
        </form>
      )}
    </Door>
  );
}
