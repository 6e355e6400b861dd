// Writes one TypeScript file a dashboard, in which Grafana's types are put beside its JSON.
//   generate.mjs OUT FILE...
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const [out, ...files] = process.argv.slice(2);

/** The types of a kind of panel; three kinds have no fields of their own. */
const CFG = { timeseries: 'TimeSeries', stat: 'Stat', bargauge: 'BarGauge', table: 'Table', text: 'Text' };
const WITHOUT_FIELDS = ['bargauge', 'stat', 'text'];

const HEAD = `import type { Dashboard, FieldConfig } from '@grafana/schema';
${Object.entries(CFG).map(([kind, name]) => `import type * as ${kind} from '@grafana/schema/dist/esm/raw/composable/${kind}/panelcfg/x/${name}PanelCfg_types.gen';`).join('\n')}
// JSON has no enums, and leaves out what has a default.
type Given<T> = T extends string ? \`\${T}\` : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : T)
  : T extends (infer U)[] ? Given<U>[] : T extends object ? { [K in keyof T]?: Given<T[K]> } : T;
`;

/** The value, typed, with the panel it is of in the line above. */
function constant(name, type, value, place) {
  return `// ${place.replaceAll('\n', ' ')}\nexport const ${name}: Given<${type}> = ${JSON.stringify(value, null, 1)};\n`;
}

function panel({ type, title, options, fieldConfig }, i) {
  if (!(type in CFG)) throw new Error(`${title}: no types of a panel of kind ${type}`);
  const { defaults = {}, overrides = [] } = fieldConfig ?? {};
  const { custom, ...standard } = defaults;
  const all = overrides.flatMap(({ properties }) => properties);
  const own = all.filter(({ id }) => id.startsWith('custom.'));
  const fields = WITHOUT_FIELDS.includes(type) ? 'Record<string, never>' : `${type}.FieldConfig`;
  const parts = [
    constant(`options${i}`, `${type}.Options`, options ?? {}, title),
    constant(`custom${i}`, fields, custom ?? {}, `${title}, custom`),
    constant(`standard${i}`, "Omit<FieldConfig, 'custom'>", standard, `${title}, defaults`),
  ];
  for (const [j, { id, value }] of all.entries()) {
    const of = own.some((it) => it.id === id) ? [fields, id.slice('custom.'.length)] : ["Omit<FieldConfig, 'custom'>", id];
    parts.push(constant(`override${i}_${j}`, of[0], { [of[1]]: value }, `${title}, ${id} of an override`));
  }
  return parts.join('');
}

for (const file of files) {
  const board = JSON.parse(await readFile(file, 'utf8'));
  const text = [HEAD, constant('board', 'Dashboard', board, board.title), ...board.panels.map(panel)];
  await writeFile(path.join(out, `${path.basename(file, '.json')}.ts`), text.join('\n'));
}
