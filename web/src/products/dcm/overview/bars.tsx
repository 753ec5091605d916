import { AxisBottom } from '@visx/axis';
import { scaleBand, scaleLinear } from '@visx/scale';
import { BarStack } from '@visx/shape';
import { useRef } from 'react';
import { useWidth } from '@/shell/app/list/use-width';
import { axisLines, labelEvery, labelWidth } from './axis';
import type { Point, Series } from './chart';

const HEIGHT = 214;

/** Space above the bars for their labels, and below for the axis, in px. */
const [ABOVE, BELOW] = [20, 42];

/** Width in px of a character of a bar's label. */
const CHARACTER_WIDTH = 8;

/** Distance in px of a label from its bar. */
const GAP = 6;

/** Distance in px of the lines of a label on the axis. */
const LINE_HEIGHT = 14;

interface BarsProps {
  points: Point[];
  series: Series[];
  label: (value: number) => string;
}

/**
 * Bars of a chart, each with the sum of its stack. Screen readers read the table instead. The frame
 * becomes narrower than its drawing when the window does, and the drawing follows.
 */
export function Bars(props: BarsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  return (
    <div ref={frame} aria-hidden className="min-w-0 overflow-hidden" style={{ height: HEIGHT }}>
      {width ? <Drawing {...props} width={width} /> : null}
    </div>
  );
}

function Drawing({ points, series, label, width }: BarsProps & { width: number }) {
  const keys = series.map(({ key }) => key);
  const total = ({ values }: Point) => keys.reduce((sum, key) => sum + (values[key] ?? 0), 0);
  // Labels at the ends are wider than narrow bars.
  const names = points.map(({ label: full, onAxis }) => onAxis ?? full);
  const side = Math.max(0, labelWidth(names) - width / points.length) / 2;
  const x = scaleBand({
    domain: points.map(point => point.label),
    range: [side, width - side],
    padding: 0.25,
  });
  const longest = Math.max(...points.map(point => label(total(point)).length)) * CHARACTER_WIDTH;
  // Labels that are wider than the bars stand upright, so that each bar has its own.
  const upright = longest > x.step();
  const y = scaleLinear({
    domain: [0, Math.max(1, ...points.map(total))],
    range: [HEIGHT - BELOW, upright ? longest + GAP : ABOVE],
  });
  const colours = new Map(series.map(({ key, colour }) => [key, colour]));
  const every = labelEvery(names, x.step());
  return (
    <svg width={width} height={HEIGHT} className="overflow-visible text-xs">
      <BarStack
        data={points}
        keys={keys}
        x={point => point.label}
        value={(point, key) => point.values[key] ?? 0}
        xScale={x}
        yScale={y}
        color={key => colours.get(key) ?? ''}
      />
      {points.map(point => (
        <BarLabel
          key={point.label}
          x={(x(point.label) ?? 0) + x.bandwidth() / 2}
          y={y(total(point)) - GAP}
          upright={upright}
        >
          {total(point) > 0 ? label(total(point)) : ''}
        </BarLabel>
      ))}
      <AxisBottom
        scale={x}
        top={HEIGHT - BELOW}
        hideTicks
        stroke="var(--line-strong)"
        tickValues={points.filter((_, index) => index % every === 0).map(point => point.label)}
        tickFormat={(_, index) => names[index * every] ?? ''}
        tickComponent={AxisLabel}
      />
    </svg>
  );
}

interface BarLabelProps {
  x: number;
  y: number;
  upright: boolean;
  children: string;
}

function BarLabel({ x, y, upright, children }: BarLabelProps) {
  return (
    <text
      x={x}
      y={y}
      {...(upright
        ? { transform: `rotate(-90 ${x} ${y})`, dominantBaseline: 'central', textAnchor: 'start' }
        : { textAnchor: 'middle' })}
      className="fill-text tabular-nums"
    >
      {children}
    </text>
  );
}

function AxisLabel({
  x,
  y,
  formattedValue = '',
}: {
  x: number;
  y: number;
  formattedValue?: string | undefined;
}) {
  return (
    <text x={x} y={y} textAnchor="middle" className="fill-quiet">
      {axisLines(formattedValue).map((line, index) => (
        <tspan key={line} x={x} dy={index === 0 ? 0 : LINE_HEIGHT}>
          {line}
        </tspan>
      ))}
    </text>
  );
}
