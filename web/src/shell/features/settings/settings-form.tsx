import { useMemo, useRef } from 'react';
import { useForm } from 'react-hook-form';
import { ChangedMeanwhile } from '@/shell/app/form/changed-meanwhile';
import { UnsentSection } from '@/shell/app/form/unsent-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { FormSection } from '@/shell/app/form/form-section';
import { resetToStored } from '@/shell/app/form/reset-to-stored';
import { SubmitButton } from '@/shell/app/form/submit-button';
import { type Stored, useBasis } from '@/shell/app/form/use-basis';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useUnsentInput } from '@/shell/app/form/use-unsent-input';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import { SettingField, useShow } from './setting-field';
import { type SettingValues, pathOf, toForm, toValues } from './setting-values';
import { type ProductSettings, useSetSettings } from './settings';
import { text } from './text';

/** Form of a product's settings, which the host describes. */
export function SettingsForm({ settings }: { settings: ProductSettings }) {
  const t = useText(text);
  const show = useShow();
  const form = useForm<SettingValues>({ defaultValues: toForm(settings), shouldFocusError: false });
  // The names change with a package only, and polling must not make new ones.
  const names = settings.fields.map(field => field.name).join(' ');
  const paths = useMemo(() => names.split(' ').map(name => `values.${name}` as const), [names]);
  const { run, busy, alert, invalid, errorAt } = useSubmission(form, paths);
  const unsent = useUnsentInput(form, { name: `settings/${settings.plugin}`, fields: paths });
  const basis = useBasis(form, paths, storedOf(settings), unsent);
  const set = useSetSettings(settings.plugin);
  const panel = useRef<HTMLElement>(null);
  const fieldAt = (path: string) => settings.fields.find(field => pathOf(field) === path);

  const save = async (typed: SettingValues) => {
    if (basis.conflicts.length > 0) return panel.current?.focus();
    await set(Number(basis.tag), toValues(settings.fields, typed));
    resetToStored(form, paths, { sent: typed, stored: typed });
    unsent.forget();
    toast.success(t.saved(settings.name));
  };
  return (
    <form
      noValidate
      autoComplete="off"
      aria-label={settings.name}
      onSubmit={event => void run(event, save)}
      className="min-w-0 rounded-xl border border-line bg-surface shadow-low"
    >
      <UnsentSection unsent={unsent} />
      <FormSection title={settings.name}>
        {settings.fields.map(setting => (
          <SettingField key={setting.name} setting={setting} form={form} error={errorAt(pathOf(setting))} />
        ))}
      </FormSection>
      <div className="grid gap-4 p-5 sm:p-6">
        <FormAlert alert={alert} />
        <ErrorSummary fields={invalid} />
        <div className="flex justify-end">
          <SubmitButton busy={busy} refused={null}>
            {t.save}
          </SubmitButton>
        </div>
      </div>
      <ChangedMeanwhile
        ref={panel}
        basis={basis}
        label={path => fieldAt(path)?.label ?? path}
        show={(value, path) => {
          const setting = fieldAt(path);
          return setting ? show(setting, value) : String(value);
        }}
      />
    </form>
  );
}

function storedOf(settings: ProductSettings): Stored<SettingValues> {
  const { version, updated_by_name: by, updated_at: at } = settings;
  return { values: toForm(settings), tag: String(version), by, at };
}
