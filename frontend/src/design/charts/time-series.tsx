import { scaleLinear, scaleTime } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { type PointerEvent, type ReactNode, useState } from "react";
import { cx } from "../classes";
import { useWidth } from "./use-width";

export interface Point {
  readonly at: number;
  /** Null where nothing is known: the line breaks there. */
  readonly value: number | null;
  /** Not complete yet: drawn as a dashed line over a hatched ground. */
  readonly immature?: boolean;
}

interface TimeSeriesProps {
  label: string;
  points: readonly Point[];
  height?: number;
  domain?: readonly [number, number];
  /** Values that get a labelled hairline. */
  marks?: readonly number[];
  formatValue: (value: number) => string;
  formatTime: (at: number) => string;
  /** Takes the point that was pressed; whoever has no pointer gets the same elsewhere. */
  onPick?: (at: number) => void;
}

const MARGIN = { top: 6, right: 2, bottom: 18, left: 44 };

/** One line over time. The pointer reads values off it; a screen reader gets the same figures as a table. */
export function TimeSeries(props: TimeSeriesProps) {
  const [ref, width] = useWidth();
  const { label, points, height = 160, formatTime, formatValue } = props;
  const known = points.some(({ value }) => value !== null);
  return (
    <figure ref={ref} className="min-w-0">
      {!known && <p className="py-6 text-ink-2">No figures yet.</p>}
      {known && width > 0 && <Plot {...props} width={width} height={height} />}
      <div className="sr-only">
        <table>
          <caption>{label}</caption>
          <tbody>
            {points.map(({ at, value, immature }) => (
              <tr key={at}>
                <th scope="row">{formatTime(at)}</th>
                <td>{value === null ? "unknown" : formatValue(value)}</td>
                <td>{immature === true ? "not complete yet" : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

interface Scales {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly timeAt: (pixel: number) => number;
  readonly ticks: readonly number[];
}

function scales({ points, domain, marks }: TimeSeriesProps, width: number, height: number): Scales {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const x = scaleTime({
    domain: [points[0]?.at ?? 0, points.at(-1)?.at ?? 1],
    range: [MARGIN.left, width - MARGIN.right],
  });
  const y = scaleLinear({
    domain: [...(domain ?? [0, Math.max(...values, 1e-9) * 1.05])],
    range: [height - MARGIN.bottom, MARGIN.top],
  });
  return { x, y, timeAt: (pixel) => x.invert(pixel).getTime(), ticks: marks ?? y.ticks(3) };
}

function Plot(props: TimeSeriesProps & { width: number; height: number }) {
  const { points, width, height, formatValue, formatTime, onPick } = props;
  const [pointed, setPointed] = useState<number | null>(null);
  const { x, y, timeAt, ticks } = scales(props, width, height);
  const chosen = pointed === null ? undefined : points[pointed];
  const under = (event: PointerEvent<SVGSVGElement>) =>
    nearest(points, timeAt(event.clientX - event.currentTarget.getBoundingClientRect().left));
  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    setPointed(under(event));
  };
  const onPointerUp = (event: PointerEvent<SVGSVGElement>) => {
    const picked = points[under(event)];
    if (picked !== undefined) onPick?.(picked.at);
  };
  return (
    <svg
      width={width}
      height={height}
      aria-hidden
      className={cx("block touch-pan-y", onPick !== undefined && "cursor-pointer")}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={() => {
        setPointed(null);
      }}
    >
      <Lines points={points} x={x} y={y} right={width - MARGIN.right} height={height}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} stroke="var(--line)" />
            <text x={MARGIN.left - 6} y={y(tick)} dy="0.32em" textAnchor="end" className="fill-ink-3 text-xs">
              {formatValue(tick)}
            </text>
          </g>
        ))}
      </Lines>
      <TimeAxis points={points} x={x} width={width} height={height} formatTime={formatTime} />
      {chosen !== undefined && (
        <Reading
          point={chosen}
          left={x(chosen.at)}
          top={chosen.value === null ? null : y(chosen.value)}
          {...{ width, height, formatValue, formatTime }}
        />
      )}
    </svg>
  );
}

interface LinesProps {
  points: readonly Point[];
  x: (at: number) => number;
  y: (value: number) => number;
  right: number;
  height: number;
  /** The grid: over the hatching, under the lines. */
  children: ReactNode;
}

function Lines({ points, x, y, right, height, children }: LinesProps) {
  const firstImmature = points.findIndex(({ immature }) => immature === true);
  const matureEnd = firstImmature === -1 ? points.length : firstImmature;
  const turn = points[Math.max(0, matureEnd - 1)];
  const line = {
    x: (point: Point) => x(point.at),
    y: (point: Point) => y(point.value ?? 0),
    defined: ({ value }: Point) => value !== null,
    stroke: "var(--accent)",
    strokeWidth: 1.5,
  };
  const immature = matureEnd < points.length && turn !== undefined;
  return (
    <>
      {immature && <Immature from={x(turn.at)} to={right} height={height} />}
      {children}
      <LinePath data={points.slice(0, matureEnd)} {...line} />
      {immature && (
        <LinePath data={points.slice(Math.max(0, matureEnd - 1))} {...line} strokeDasharray="3 3" />
      )}
    </>
  );
}

function nearest(points: readonly Point[], at: number): number {
  let best = 0;
  for (const [index, point] of points.entries())
    if (Math.abs(point.at - at) < Math.abs((points[best]?.at ?? 0) - at)) best = index;
  return best;
}

function Immature({ from, to, height }: { from: number; to: number; height: number }) {
  return (
    <>
      <defs>
        <pattern
          id="immature"
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <line x1="0" x2="0" y1="0" y2="6" stroke="var(--line)" strokeWidth="2" />
        </pattern>
      </defs>
      <rect
        x={from}
        y={MARGIN.top}
        width={to - from}
        height={height - MARGIN.top - MARGIN.bottom}
        fill="url(#immature)"
      />
    </>
  );
}

interface TimeAxisProps {
  points: readonly Point[];
  x: (at: number) => number;
  width: number;
  height: number;
  formatTime: (at: number) => string;
}

function TimeAxis({ points, x, width, height, formatTime }: TimeAxisProps) {
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? 0;
  const shown = [
    { at: first, anchor: "start" as const },
    ...(width > 360 ? [{ at: (first + last) / 2, anchor: "middle" as const }] : []),
    ...(points.length > 1 ? [{ at: last, anchor: "end" as const }] : []),
  ];
  return shown.map(({ at, anchor }) => (
    <text key={anchor} x={x(at)} y={height - 4} textAnchor={anchor} className="fill-ink-3 text-xs">
      {formatTime(at)}
    </text>
  ));
}

interface ReadingProps {
  point: Point;
  left: number;
  top: number | null;
  width: number;
  height: number;
  formatValue: (value: number) => string;
  formatTime: (at: number) => string;
}

function Reading({ point, left, top, width, height, formatValue, formatTime }: ReadingProps) {
  const flip = left > width / 2;
  const text = `${formatTime(point.at)}  ${point.value === null ? "unknown" : formatValue(point.value)}${point.immature === true ? ", not complete" : ""}`;
  return (
    <g pointerEvents="none">
      <line x1={left} x2={left} y1={MARGIN.top} y2={height - MARGIN.bottom} stroke="var(--line-strong)" />
      {top !== null && <circle cx={left} cy={top} r="3" fill="var(--accent)" stroke="var(--surface)" />}
      <text
        x={left + (flip ? -6 : 6)}
        y={MARGIN.top + 8}
        textAnchor={flip ? "end" : "start"}
        paintOrder="stroke"
        stroke="var(--surface)"
        strokeWidth="4"
        className="fill-ink text-sm"
      >
        {text}
      </text>
    </g>
  );
}
