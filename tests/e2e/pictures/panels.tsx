// Each kind of panel, drawn by the components that Grafana's plugin of that kind puts together.
import {
  type DataFrame,
  type DisplayValueAlignmentFactors,
  type FieldConfigSource,
  type FieldDisplay,
  type GrafanaTheme2,
  type TimeRange,
  VizOrientation,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  renderTextPanelMarkdown,
} from '@grafana/data';
import { BarGaugeDisplayMode, BigValueTextMode } from '@grafana/schema';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

export interface Drawn {
  kind: string;
  options: any;
  fieldConfig: FieldConfigSource;
  frames: DataFrame[];
  theme: GrafanaTheme2;
  range: TimeRange;
  width: number;
  height: number;
}

export function Panel(drawn: Drawn) {
  switch (drawn.kind) {
    case 'timeseries':
      return <Lines {...drawn} />;
    case 'stat':
      return <Repeated {...drawn} one={Stat} spacing={3} autoGrid />;
    case 'bargauge':
      return <Repeated {...drawn} one={Bar} spacing={10} />;
    case 'table':
      return <Rows {...drawn} />;
    case 'text':
      return <Words {...drawn} />;
    default:
      throw new Error(`no component of Grafana for a panel of kind ${drawn.kind}`);
  }
}

function Lines({ frames, range, width, height, options }: Drawn) {
  return <TimeSeries frames={frames} structureRev={1} timeRange={range} timeZone="utc" width={width} height={height} legend={options.legend} options={options} />;
}

interface One extends Drawn {
  value: FieldDisplay;
  width: number;
  height: number;
  count: number;
  orientation: VizOrientation;
  factors: DisplayValueAlignmentFactors;
}

function Repeated({ one: One, spacing, autoGrid, ...drawn }: Drawn & { one: (props: One) => React.ReactNode; spacing: number; autoGrid?: boolean }) {
  const { frames, options, fieldConfig, theme, width, height } = drawn;
  const values = () =>
    getFieldDisplayValues({ data: frames, reduceOptions: options.reduceOptions, fieldConfig, replaceVariables: (text) => text, sparkline: options.graphMode === 'area', theme, timeZone: 'utc' });
  return (
    <VizRepeater<FieldDisplay, DisplayValueAlignmentFactors>
      getValues={values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, count, orientation, alignmentFactors }) => (
        <One {...drawn} value={value} width={width} height={height} count={count} orientation={orientation} factors={alignmentFactors} />
      )}
      source={frames}
      renderCounter={1}
      width={width}
      height={height}
      itemSpacing={spacing}
      autoGrid={autoGrid}
      orientation={options.orientation}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight}
    />
  );
}

function Stat({ value, options, theme, width, height, count, factors }: One) {
  const { textMode = BigValueTextMode.Auto, colorMode, graphMode, justifyMode, text, wideLayout } = options;
  return <BigValue value={value.display} sparkline={value.sparkline} count={count} alignmentFactors={factors} textMode={textMode} colorMode={colorMode} graphMode={graphMode} justifyMode={justifyMode} text={text} wideLayout={wideLayout} width={width} height={height} theme={theme} />;
}

function Bar({ value, options, theme, width, height, count, orientation, factors }: One) {
  const { field, display, view, colIndex } = value;
  // A single value has no name beside its bar unless it was given one, as in Grafana's plugin.
  const shown = count === 1 && !field.displayName ? { ...display, title: undefined } : display;
  const processor = view && colIndex !== undefined ? view.getFieldDisplayProcessor(colIndex) : undefined;
  return <BarGauge value={shown} field={field} display={processor} orientation={orientation} displayMode={options.displayMode ?? BarGaugeDisplayMode.Gradient} showUnfilled={options.showUnfilled} valueDisplayMode={options.valueMode} namePlacement={options.namePlacement} text={options.text} itemSpacing={10} alignmentFactors={factors} width={width} height={height} theme={theme} />;
}

function Rows({ frames, options, fieldConfig, width, height, range }: Drawn) {
  return <TableNG data={frames[0]} width={width} height={height} sortBy={options.sortBy} cellHeight={options.cellHeight} noHeader={!options.showHeader} fieldConfig={fieldConfig} timeRange={range} enableVirtualization={false} structureRev={1} />;
}

function Words({ options }: Drawn) {
  return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: renderTextPanelMarkdown(options.content) }} />;
}
