import { TextField } from "@/design/field";

/** Asked for where the sign-in was some time ago: an open screen is not its owner. */
export function PasswordAgain() {
  return (
    <TextField
      label="Your password"
      name="password"
      type="password"
      autoComplete="current-password"
      hint="You signed in some time ago."
      required
      autoFocus
    />
  );
}
