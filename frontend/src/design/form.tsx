import { ApiError, type FieldErrors } from "@/api/errors";
import { ErrorNote } from "./states";

/** What is wrong with each field, by its name. */
export function fieldsOf(error: Error | null): FieldErrors {
  return error instanceof ApiError ? error.fields : {};
}

/** The error of a form, unless its fields say it all beside themselves. */
export function FormError({ error }: { error: Error | null }) {
  if (error === null || Object.keys(fieldsOf(error)).length > 0) return null;
  return <ErrorNote error={error} />;
}

/** The form's fields as text, by name. */
export function formText(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === "string" ? value : "";
}
