import { Panel } from '@/shell/app/page/panel';
import { useText } from '@/shell/i18n/use-text';
import { Bars } from './bars';
import { text } from './text';

/** Series of bars, in the order of the stack. */
export interface Series {
  key: string;
  name: string;
  /** CSS colour. */
  colour: string;
}

/** Bar of each series with its label on the axis. */
export interface Point {
  label: string;
  /** Short form of the label, for the axis; `label` if it is missing. */
  onAxis?: string;
  values: Record<string, number>;
}

interface ChartProps {
  title: string;
  /** Heading of the column of labels in the table. */
  axis: string;
  points: Point[];
  series: Series[];
  show: (value: number) => string;
  /** Short form of a value, for the label of a bar; `show` if it is missing. */
  label?: (value: number) => string;
  note?: string | undefined;
}

/** Bar chart with its values as labels, and the same values in a table for all readers. */
export function Chart(props: ChartProps) {
  const t = useText(text);
  const { title, points, series, show, label = show, note } = props;
  const isEmpty = points.every(({ values }) => series.every(({ key }) => !values[key]));
  return (
    <Panel title={title}>
      <div className="grid gap-3 px-5 py-4 text-sm">
        {isEmpty ? (
          <p className="text-quiet">{t.none}</p>
        ) : (
          <Bars points={points} series={series} label={label} />
        )}
        {isEmpty || series.length === 1 ? null : <Legend series={series} />}
        {note ? <p className="text-quiet">{note}</p> : null}
        {isEmpty ? null : <Table {...props} />}
      </div>
    </Panel>
  );
}

/** Colours of a stack's series. */
function Legend({ series }: { series: Series[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-quiet">
      {series.map(({ key, name, colour }) => (
        <li key={key} className="flex items-center gap-1.5">
          <span aria-hidden className="size-2.5 rounded-xs" style={{ background: colour }} />
          {name}
        </li>
      ))}
    </ul>
  );
}

function Table({ title, axis, points, series, show }: ChartProps) {
  const t = useText(text);
  return (
    <details>
      <summary className="w-fit cursor-pointer text-accent-text underline-offset-2 hover:underline">
        {t.table}
      </summary>
      <div className="mt-2 overflow-x-auto">
        <table aria-label={title} className="w-full text-left tabular-nums">
          <thead>
            <tr>
              <th scope="col" className="py-1 pr-4 font-medium">
                {axis}
              </th>
              {series.map(({ key, name }) => (
                <th key={key} scope="col" className="py-1 pr-4 text-right font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.map(({ label, values }) => (
              <tr key={label} className="border-t border-line">
                <th scope="row" className="py-1 pr-4 font-normal">
                  {label}
                </th>
                {series.map(({ key }) => (
                  <td key={key} className="py-1 pr-4 text-right">
                    {show(values[key] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
