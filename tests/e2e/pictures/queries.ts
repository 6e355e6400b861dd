// Asks Prometheus what Grafana's data source of it would ask, and makes the frames it would make.
import { type DataFrame, FieldType, type Labels, type TimeRange } from '@grafana/data';

export interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  format?: string;
  instant?: boolean;
}

interface Series {
  metric: Labels;
  value?: [number, string];
  values?: Array<[number, string]>;
}

/** What the page is drawn for: its time, how often Prometheus scrapes, and its variables. */
export interface Moment {
  range: TimeRange;
  scrapeSeconds: number;
  variables: Record<string, string>;
}

/** Points of a graph: one for two pixels, as Grafana's `maxDataPoints` comes out on a wide panel. */
const POINTS = 300;

function expanded(expr: string, moment: Moment, step: number): string {
  const { from, to } = moment.range;
  const macros: Record<string, string> = {
    __rate_interval: `${Math.max(step + moment.scrapeSeconds, 4 * moment.scrapeSeconds)}s`,
    __range: `${Math.round((to.valueOf() - from.valueOf()) / 1000)}s`,
    ...moment.variables,
  };
  return expr.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => macros[name] ?? whole);
}

export async function ask(targets: Target[], moment: Moment): Promise<DataFrame[]> {
  const answers = await Promise.all(targets.map((target) => series(target, moment)));
  const several = targets.length > 1;
  return targets.flatMap((target, i) => {
    if (target.format === 'table') {
      return [table(answers[i], several ? `Value #${target.refId}` : 'Value', target.refId)];
    }
    return answers[i].map((one) => frame(one, target));
  });
}

async function series(target: Target, moment: Moment): Promise<Series[]> {
  const [from, to] = [moment.range.from, moment.range.to].map((at) => at.valueOf() / 1000);
  const step = Math.max(moment.scrapeSeconds, Math.ceil((to - from) / POINTS));
  const query = expanded(target.expr, moment, step);
  const address = target.instant
    ? `/prometheus/api/v1/query?${new URLSearchParams({ query, time: `${to}` })}`
    : `/prometheus/api/v1/query_range?${new URLSearchParams({ query, start: `${from}`, end: `${to}`, step: `${step}` })}`;
  const answer = await (await fetch(address)).json();
  if (answer.status !== 'success') {
    throw new Error(`${answer.error}: ${query}`);
  }
  return answer.data.result;
}

function frame({ metric, value, values }: Series, { legendFormat, refId }: Target): DataFrame {
  const points = values ?? (value ? [value] : []);
  const { __name__: _, ...labels } = metric;
  const name = legendFormat
    ? legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_whole, label: string) => metric[label] ?? '')
    : JSON.stringify(labels).replace(/"(\w+)":/g, '$1=');
  return {
    refId,
    name,
    length: points.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: points.map(([at]) => at * 1000) },
      {
        name: 'Value',
        type: FieldType.number,
        labels,
        config: { displayNameFromDS: name },
        values: points.map(([, text]) => Number(text)),
      },
    ],
  };
}

function table(answer: Series[], valueName: string, refId: string): DataFrame {
  const labels = [...new Set(answer.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return {
    refId,
    length: answer.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: answer.map((one) => (one.value?.[0] ?? 0) * 1000) },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        config: { filterable: true },
        values: answer.map(({ metric }) => metric[label] ?? ''),
      })),
      {
        name: valueName,
        type: FieldType.number,
        config: {},
        values: answer.map((one) => Number(one.value?.[1])),
      },
    ],
  };
}
