import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { api, body } from "@/api/client";
import { Button } from "@/design/button";
import { Door, FormError, LINK } from "../door";

/** A button rather than a visit spends the token: mail scanners open links, they press nothing. */
export function VerifyEmailRoom() {
  const { token } = useSearch({ from: "/verify-email" });
  const verify = useMutation({
    mutationFn: (secret: string) => body(api.POST("/api/v1/auth/verify-email", { body: { token: secret } })),
  });
  return (
    <Door title="Verify your e-mail">
      {token === undefined && <p>This link has no token. Open the one in the e-mail again.</p>}
      {token !== undefined && !verify.isSuccess && (
        <div className="space-y-4">
          <FormError error={verify.error} />
          <Button
            tone="primary"
            className="w-full"
            busy={verify.isPending}
            onClick={() => {
              verify.mutate(token);
            }}
          >
            Verify
          </Button>
        </div>
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
