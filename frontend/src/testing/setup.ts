import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeAll, vi } from "vitest";
import { sessionEnded } from "@/api/session";

configure({ asyncUtilTimeout: 5_000 });

beforeAll(() => {
  // What jsdom leaves out.
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe = () => undefined;
      disconnect = () => undefined;
      unobserve = () => undefined;
    },
  );
  window.scrollTo = () => undefined;
  Element.prototype.scrollIntoView = () => undefined;
  Element.prototype.hasPointerCapture = () => false;
});

afterEach(() => {
  cleanup();
  sessionEnded();
  localStorage.clear();
  document.cookie = "stratum_csrf=; max-age=0";
});
