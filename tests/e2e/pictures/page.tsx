// One dashboard on Grafana's grid. Each panel says in `data-state` whether it has something to show.
import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';
import '@grafana/react-data-grid/lib/styles.css';
import { type DataFrame, type FieldConfigSource, type GrafanaTheme2, ThemeContext, createTheme, dateTime } from '@grafana/data';
import { GlobalStyles, PanelChrome, PortalContainer } from '@grafana/ui';
import { type ReactNode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { prepared } from './fields';
import { Panel } from './panels';
import { type Moment, type Target, ask } from './queries';

/** Grafana's grid: 24 columns, cells of 30 pixels, 8 pixels between. */
const COLUMNS = 24;
const CELL = 30;
const GAP = 8;
const MARGIN = 16;

interface PanelJson {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
  transformations?: never[];
  fieldConfig?: FieldConfigSource;
  options?: unknown;
}

interface Told {
  board: { title: string; panels: PanelJson[]; templating: { list: Array<{ label: string; name: string }> } };
  theme: 'light' | 'dark';
  width: number;
  from: number;
  to: number;
  scrapeSeconds: number;
  variables: Record<string, string>;
}

declare global {
  interface Window {
    told: Told;
    __grafana_public_path__: string;
  }
}

window.__grafana_public_path__ = '/';

function place({ x, y, w, h }: PanelJson['gridPos'], width: number) {
  const column = (width - 2 * MARGIN + GAP) / COLUMNS;
  return { left: MARGIN + x * column, top: y * (CELL + GAP), width: w * column - GAP, height: h * (CELL + GAP) - GAP };
}

type State = { frames: DataFrame[] } | { failed: string } | undefined;

function Framed({ panel, moment, theme, width }: { panel: PanelJson; moment: Moment; theme: GrafanaTheme2; width: number }) {
  const [state, setState] = useState<State>();
  const fieldConfig = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  useEffect(() => {
    ask(panel.targets ?? [], moment)
      .then((frames) => prepared(frames, panel.transformations ?? [], fieldConfig, theme))
      .then((frames) => setState({ frames }))
      .catch((error: unknown) => setState({ failed: String(error) }));
  }, []);
  const at = place(panel.gridPos, width);
  return (
    <div style={{ position: 'absolute', ...at }} data-panel={panel.title} data-state={said(state, panel)} data-error={state && 'failed' in state ? state.failed : ''}>
      <PanelChrome title={panel.title} description={panel.description} width={at.width} height={at.height}>
        {(inner, tall) => body(state, panel, (frames) => (
          <Panel kind={panel.type} options={panel.options} fieldConfig={fieldConfig} frames={frames} theme={theme} range={moment.range} width={inner} height={tall} />
        ))}
      </PanelChrome>
    </div>
  );
}

function said(state: State, panel: PanelJson): string {
  if (!state) return 'asking';
  if ('failed' in state) return 'error';
  return panel.type === 'text' || state.frames.some((frame) => frame.length > 0) ? 'ok' : 'empty';
}

function body(state: State, panel: PanelJson, drawn: (frames: DataFrame[]) => ReactNode) {
  if (!state) return <></>;
  if ('failed' in state) return <p>{state.failed}</p>;
  if (said(state, panel) === 'ok') return <>{drawn(state.frames)}</>;
  // As Grafana writes it: a stat has its own word, every other panel the message for no data.
  const text = panel.fieldConfig?.defaults.noValue ?? 'No data';
  return <div style={{ display: 'grid', placeItems: 'center', height: '100%' }}>{text}</div>;
}

function Page({ told, theme }: { told: Told; theme: GrafanaTheme2 }) {
  const range = { from: dateTime(told.from), to: dateTime(told.to), raw: { from: dateTime(told.from), to: dateTime(told.to) } };
  const moment = { range, scrapeSeconds: told.scrapeSeconds, variables: told.variables };
  const rows = Math.max(...told.board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const chosen = told.board.templating.list.map(({ label, name }) => `${label}: ${told.variables[name] === '.*' ? 'All' : told.variables[name]}`);
  const minutes = Math.round((told.to - told.from) / 60_000);
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <PortalContainer />
      <div style={{ width: told.width, background: theme.colors.background.canvas }} id="page">
        <div style={{ padding: `12px ${MARGIN}px`, display: 'flex', gap: 24, alignItems: 'baseline' }}>
          <h4 style={{ margin: 0 }}>{told.board.title}</h4>
          <span style={{ color: theme.colors.text.secondary }}>{chosen.join('   ·   ')}   ·   last {minutes} minutes</span>
        </div>
        <div style={{ position: 'relative', height: rows * (CELL + GAP) + GAP }}>
          {told.board.panels.map((panel) => (
            <Framed key={panel.id} panel={panel} moment={moment} theme={theme} width={told.width} />
          ))}
        </div>
      </div>
    </ThemeContext.Provider>
  );
}

const theme = createTheme({ colors: { mode: window.told.theme } });
createRoot(document.getElementById('root')!).render(<Page told={window.told} theme={theme} />);
