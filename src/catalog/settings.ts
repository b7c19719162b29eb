/** Who may change a setting that lives in the database. */
type SettingPlane = 'platform' | 'organization';

interface SettingDefinition {
  readonly description: string;
  readonly plane: SettingPlane;
  readonly secret: boolean;
  readonly default: unknown;
}

/** The settings people may change at run time, by key. Bootstrap comes from the environment instead (src/config). */
export const SETTINGS = {
  'log.retention_days': { description: 'How long job logs are kept', plane: 'platform', secret: false, default: 30 },
} as const satisfies Record<string, SettingDefinition>;
