/** One field's fault, named as the form names it (`body.email` arrives, `email` is kept). */
export type FieldErrors = Readonly<Record<string, string>>;

export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly requestId: string | null,
    readonly fields: FieldErrors = {},
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

interface Problem {
  error?: unknown;
  code?: unknown;
  request_id?: unknown;
  fields?: unknown;
}

function fieldErrors(fields: unknown): FieldErrors {
  if (!Array.isArray(fields)) return {};
  const entries = fields.flatMap((field: unknown) => {
    if (typeof field !== "object" || field === null) return [];
    const { field: path, message } = field as { field?: unknown; message?: unknown };
    if (typeof path !== "string" || typeof message !== "string") return [];
    return [[path.replace(/^(body|query|path)\./, ""), message] as const];
  });
  return Object.fromEntries(entries);
}

/** The API's answer as an error; a body that is not the API's (a proxy's page) keeps its status alone. */
export function problemFrom(response: Response, body: unknown): ApiError {
  const problem: Problem = typeof body === "object" && body !== null ? body : {};
  const retryAfter = Number(response.headers.get("Retry-After"));
  return new ApiError(
    typeof problem.error === "string" ? problem.error : `The server answered ${response.status}.`,
    response.status,
    typeof problem.code === "string" ? problem.code : `http_${response.status}`,
    typeof problem.request_id === "string" ? problem.request_id : response.headers.get("X-Request-ID"),
    fieldErrors(problem.fields),
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
  );
}

export function unreachable(): ApiError {
  return new ApiError("The server cannot be reached.", 0, "network", null);
}
