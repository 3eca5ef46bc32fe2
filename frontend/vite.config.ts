import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const api = process.env["STRATUM_API"] ?? "http://127.0.0.1:8000";

/** The browser SDK that the snippet for web pages loads, as its package has it: served from here, from nowhere else. */
function browserSdk(): Plugin {
  const fileName = "sdk/analytics.js";
  const source = () =>
    readFileSync(
      fileURLToPath(new URL("./node_modules/@segment/analytics-next/dist/umd/index.js", import.meta.url)),
      "utf8",
    ).replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
  return {
    name: "browser-sdk",
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source: source() });
    },
    configureServer(server) {
      server.middlewares.use(`/${fileName}`, (_request, response) => {
        response.setHeader("Content-Type", "text/javascript");
        response.end(source());
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), browserSdk()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    sourcemap: false,
    // A content-security policy of script-src 'self' refuses data: URLs and inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": api,
      "/v1": api,
      "/ws": { target: api.replace(/^http/, "ws"), ws: true },
    },
  },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://127.0.0.1/" } },
    setupFiles: ["./src/testing/setup.ts"],
    restoreMocks: true,
    testTimeout: 15_000,
  },
});
