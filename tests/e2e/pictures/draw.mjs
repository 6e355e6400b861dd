// Draws dashboards: draw.mjs PROMETHEUS SECONDS OUT FILE...
// Each becomes OUT/NAME.png; ends with 1 where a panel failed or is empty.
import { readFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { createServer } from 'vite';

const [prometheus, seconds, out, ...files] = process.argv.slice(2);
const { PICTURES_THEME: theme = 'light', PICTURES_SCALE: scale = '1', CHROMIUM: executablePath } = process.env;
const WIDTH = 1440;
// As tests/e2e/pictures.sh has Prometheus read.
const SCRAPE_SECONDS = 5;
const here = import.meta.dirname;

const server = await createServer({
  root: here,
  configFile: false,
  logLevel: 'error',
  publicDir: path.join(here, 'node_modules/@grafana/ui/dist/public'),
  cacheDir: path.join(here, 'node_modules/.vite'),
  oxc: { jsx: { runtime: 'automatic' } },
  server: {
    host: '127.0.0.1',
    port: 0,
    hmr: false,
    watch: null,
    proxy: { '/prometheus': { target: prometheus, rewrite: (url) => url.replace('/prometheus', '') } },
  },
});
await server.listen();
const { port } = server.httpServer.address();

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--font-render-hinting=none'],
});

/** The variables of a dashboard, as it opens. */
function variables(board) {
  return Object.fromEntries(
    board.templating.list.map(({ name, type, current }) => [name, type === 'custom' ? current.value : type === 'datasource' ? 'Prometheus' : '.*'])
  );
}

let faults = 0;
await mkdir(out, { recursive: true });
const to = Date.now();
for (const file of files) {
  const board = JSON.parse(await readFile(file, 'utf8'));
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 1000 }, deviceScaleFactor: Number(scale), reducedMotion: 'reduce' });
  page.on('pageerror', (error) => { faults += 1; console.error(`${file}: ${error.stack}`); });
  const told = { board, theme, width: WIDTH, from: to - Number(seconds) * 1000, to, scrapeSeconds: SCRAPE_SECONDS, variables: variables(board) };
  await page.addInitScript((value) => { window.told = value; }, told);
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction(() => document.querySelector('[data-state]') && !document.querySelector('[data-state=asking]'), undefined, { timeout: 120_000 });
  // What is outside of the window is not painted: a table of Grafana's is "content-visibility: auto".
  await page.setViewportSize({ width: WIDTH, height: Math.ceil((await page.locator('#page').boundingBox()).height) });
  await page.waitForTimeout(1_000);
  for (const panel of await page.locator('[data-state]').evaluateAll((all) => all.map(({ dataset }) => ({ ...dataset })))) {
    if (panel.state === 'ok') continue;
    console.log(`${path.basename(file)}: ${panel.panel}: ${panel.state} ${panel.error}`);
    faults += 1;
  }
  const picture = path.join(out, `${path.basename(file, '.json')}.png`);
  // A palette: a third of the size, and a dashboard has few colours.
  await sharp(await page.locator('#page').screenshot()).png({ palette: true, colours: 64, dither: 0, effort: 10 }).toFile(picture);
  console.log(`drawn: ${path.basename(picture)}`);
  await page.close();
}
await browser.close();
await server.close();
process.exit(faults > 0 ? 1 : 0);
