// Generates src/api/schema.d.ts from the committed backend/openapi.json; with --check, only says whether it is current.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../backend/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

const header = "// Generated from backend/openapi.json by `npm run api`. Do not edit.\n\n";
const generated = header + astToString(await openapiTS(source));

if (process.argv.includes("--check")) {
  const current = await readFile(target, "utf8").catch(() => "");
  if (current !== generated) {
    console.error("src/api/schema.d.ts is behind backend/openapi.json: run `npm run api`.");
    process.exit(1);
  }
} else {
  await writeFile(target, generated);
}
