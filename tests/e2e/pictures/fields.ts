// What Grafana does to a panel's frames before they are drawn: transformations, then field config.
import {
  type DataFrame,
  type DataTransformerConfig,
  type FieldConfigPropertyItem,
  FieldConfigOptionsRegistry,
  type FieldConfigSource,
  type GrafanaTheme2,
  applyFieldOverrides,
  cacheFieldDisplayNames,
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  transformDataFrame,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

/** Those that a dashboard names, and what `organize` is made of. */
const NAMES = [
  'filterFieldsByNameTransformer',
  'mergeTransformer',
  'orderFieldsTransformer',
  'organizeFieldsTransformer',
  'renameByRegexTransformer',
  'renameFieldsTransformer',
] as const;

standardTransformersRegistry.setInit(() =>
  NAMES.map((name) => {
    const transformation = standardTransformers[name];
    return { id: transformation.id, name, transformation: async () => transformation, editor: async () => null } as never;
  })
);

const OF_EVERY_PANEL = {
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  decimals: numberOverrideProcessor,
  displayName: displayNameOverrideProcessor,
  noValue: stringOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
};

function property(path: string, process: unknown, isCustom: boolean): FieldConfigPropertyItem {
  const id = isCustom ? `custom.${path}` : path;
  return { id, path, isCustom, name: id, process, override: () => null, editor: () => null, shouldApply: () => true, settings: {}, hideFromDefaults: false, hideFromOverrides: false } as never;
}

const standard = Object.entries(OF_EVERY_PANEL).map(([path, process]) => property(path, process, false));
standardFieldConfigEditorRegistry.setInit(() => standard);

/** The registry of a panel kind: what every panel knows, and the kind's own keys. */
function registry(own: string[]): FieldConfigOptionsRegistry {
  return new FieldConfigOptionsRegistry(() => [
    ...standard,
    ...own.map((path) => property(path, identityOverrideProcessor, true)),
  ]);
}

export async function prepared(
  frames: DataFrame[],
  transformations: DataTransformerConfig[],
  fieldConfig: FieldConfigSource,
  theme: GrafanaTheme2
): Promise<DataFrame[]> {
  const transformed = await lastValueFrom(
    transformDataFrame(transformations, frames, { interpolate: (text: string) => text })
  );
  const properties = fieldConfig.overrides.flatMap((override) => override.properties.map(({ id }) => id));
  const custom = properties.filter((id) => id.startsWith('custom.')).map((id) => id.slice('custom.'.length));
  const own = new Set([...Object.keys(fieldConfig.defaults.custom ?? {}), ...custom]);
  const applied = applyFieldOverrides({
    data: transformed,
    fieldConfig,
    fieldConfigRegistry: registry([...own]),
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
  });
  cacheFieldDisplayNames(applied);
  return applied;
}
