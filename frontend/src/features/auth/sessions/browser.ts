/** The order matters: nearly every browser also claims to be Chrome, and Chrome to be Safari. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg(?:e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** "Chrome on Windows"; a program, or what nobody knows, by its own first word. */
export function browserOf(userAgent: string | null): string {
  if (userAgent === null || userAgent === "") return "A browser that did not say";
  const first = (of: typeof BROWSERS) => of.find(([sign]) => sign.test(userAgent))?.[1];
  const browser = first(BROWSERS);
  if (browser === undefined) return userAgent.split(" ")[0] ?? userAgent;
  const system = first(SYSTEMS);
  return system === undefined ? browser : `${browser} on ${system}`;
}
