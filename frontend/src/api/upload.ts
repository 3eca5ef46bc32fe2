import { type ApiError, problemFrom, unreachable } from "./errors";
import { accessToken, refreshSession, sessionEnded } from "./session";

interface Sent {
  readonly status: number;
  readonly response: Response;
}

/**
 * Sends a file and tells how much of it has left, from 0 to 1: what `fetch` does not. Signed as every other call, with
 * the token renewed once; a failure is an `ApiError`.
 */
export async function uploadFile<T>(
  path: string,
  file: File,
  onProgress: (share: number) => void,
): Promise<T> {
  let sent = await send(path, file, onProgress);
  if (sent.status === 401 && accessToken() !== null) {
    if (await refreshSession()) sent = await send(path, file, onProgress);
    else sessionEnded();
  }
  const body: unknown = await sent.response.json().catch(() => null);
  if (!sent.response.ok) throw problemFrom(sent.response, body);
  return body as T;
}

function send(path: string, file: File, onProgress: (share: number) => void): Promise<Sent> {
  return new Promise((resolve, reject: (error: ApiError) => void) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${window.location.origin}${path}`);
    const token = accessToken();
    if (token !== null) request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Type", file.type === "" ? "application/octet-stream" : file.type);
    request.upload.onprogress = ({ loaded, total }) => {
      if (total > 0) onProgress(loaded / total);
    };
    request.onerror = () => {
      reject(unreachable());
    };
    request.onload = () => {
      const { status } = request;
      const headers = new Headers();
      for (const name of ["X-Request-ID", "Retry-After"]) {
        const value = request.getResponseHeader(name);
        if (value !== null) headers.set(name, value);
      }
      resolve({ status, response: new Response(request.responseText, { status, headers }) });
    };
    request.send(file);
  });
}
