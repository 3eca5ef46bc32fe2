import { scaleLinear } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { useWidth } from "./use-width";

export interface Curve {
  readonly name: string;
  /** One for each place from 0 on; null where nothing is known: the line breaks there. */
  readonly values: readonly (number | null)[];
}

interface CurvesProps {
  curves: readonly Curve[];
  /** What a place is called: "Week 3". */
  placeName: (place: number) => string;
  formatValue: (value: number) => string;
  height?: number;
}

const MARGIN = { top: 8, right: 12, bottom: 20, left: 48 };
const STROKES = [
  { stroke: "var(--accent)", strokeWidth: 2.5 },
  { stroke: "var(--pass)", strokeWidth: 1.5, strokeDasharray: "6 3" },
  { stroke: "var(--hold)", strokeWidth: 1.5, strokeDasharray: "2 3" },
  { stroke: "var(--block)", strokeWidth: 1.5, strokeDasharray: "10 3 2 3" },
  { stroke: "var(--ink-2)", strokeWidth: 1.5, strokeDasharray: "1 2" },
  { stroke: "var(--ink-3)", strokeWidth: 1.5, strokeDasharray: "12 4" },
] as const;

/** So many curves can be told apart. */
export const MOST_CURVES = STROKES.length;

/** Several lines over the same few places, told apart by their strokes; the figures stand in a table beside them. */
export function Curves({ curves, placeName, formatValue, height = 220 }: CurvesProps) {
  const [ref, width] = useWidth();
  const shown = curves.slice(0, MOST_CURVES);
  const places = Math.max(...shown.map(({ values }) => values.length));
  return (
    <figure ref={ref} className="min-w-0">
      {width > 0 && <Plot {...{ curves: shown, places, placeName, formatValue, width, height }} />}
      {shown.length > 1 && (
        <figcaption className="mt-2 flex flex-wrap gap-x-4 gap-y-1">
          {shown.map(({ name }, number) => (
            <span key={number} className="inline-flex items-center gap-1.5 text-ink-2">
              <svg width="28" height="8" aria-hidden>
                <line x1="0" x2="28" y1="4" y2="4" {...STROKES[number]} />
              </svg>
              {name}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}

type PlotProps = Required<CurvesProps> & { places: number; width: number };

function Plot({ curves, places, placeName, formatValue, width, height }: PlotProps) {
  const known = curves.flatMap(({ values }) => values.filter((value) => value !== null));
  const x = scaleLinear({ domain: [0, Math.max(places - 1, 1)], range: [MARGIN.left, width - MARGIN.right] });
  const y = scaleLinear({
    domain: [0, Math.max(...known, 0.01)],
    range: [height - MARGIN.bottom, MARGIN.top],
    nice: true,
  });
  const step = Math.ceil(places / Math.max(2, Math.floor(width / 90)));
  return (
    <svg width={width} height={height} aria-hidden className="block">
      {y.ticks(4).map((tick) => (
        <g key={tick}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} stroke="var(--line)" />
          <text x={MARGIN.left - 6} y={y(tick)} dy="0.32em" textAnchor="end" className="fill-ink-3 text-xs">
            {formatValue(tick)}
          </text>
        </g>
      ))}
      {Array.from({ length: places }, (_, place) => place)
        .filter((place) => place % step === 0)
        .map((place) => (
          <text key={place} x={x(place)} y={height - 4} textAnchor="middle" className="fill-ink-3 text-xs">
            {placeName(place)}
          </text>
        ))}
      {curves.map(({ values }, number) => (
        <g key={number}>
          <LinePath
            data={values.map((value, place) => ({ value, place }))}
            x={({ place }) => x(place)}
            y={({ value }) => y(value ?? 0)}
            defined={({ value }) => value !== null}
            {...STROKES[number]}
          />
          {values.map(
            (value, place) =>
              value !== null && (
                <circle key={place} cx={x(place)} cy={y(value)} r="3" fill={STROKES[number]?.stroke}>
                  <title>{`${placeName(place)}: ${formatValue(value)}`}</title>
                </circle>
              ),
          )}
        </g>
      ))}
    </svg>
  );
}
