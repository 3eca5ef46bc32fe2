import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Door } from "../door";

export function RegisterRoom() {
  const register = useMutation({
    mutationFn: (form: HTMLFormElement) =>
      body(
        api.POST("/api/v1/auth/register", {
          body: {
            company: formText(form, "company"),
            full_name: formText(form, "full_name"),
            email: formText(form, "email"),
            password: formText(form, "password"),
          },
        }),
      ),
  });
  if (register.isSuccess)
    return (
      <Door title="Look in your mailbox">
        <p>{register.data.message}</p>
        <p className="mt-4">
          <Link to="/sign-in" className={LINK}>
            Go to sign-in
          </Link>
        </p>
      </Door>
    );
  const fields = fieldsOf(register.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    register.mutate(event.currentTarget);
  };
  return (
    <Door
      title="Register a company"
      lead="It starts in advisory mode: nothing is changed on a platform until you say so."
      footer={
        <>
          Registered already?{" "}
          <Link to="/sign-in" className={LINK}>
            Sign in
          </Link>
        </>
      }
    >
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="Company"
          name="company"
          autoComplete="organization"
          required
          autoFocus
          error={fields["company"]}
        />
        <TextField
          label="Your name"
          name="full_name"
          autoComplete="name"
          required
          error={fields["full_name"]}
        />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          error={fields["email"]}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          hint="Twelve characters or more. A sentence is fine."
          required
          error={fields["password"]}
        />
        <FormError error={register.error} />
        <Button type="submit" tone="primary" busy={register.isPending} className="w-full">
          Register
        </Button>
      </form>
    </Door>
  );
}
