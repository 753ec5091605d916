import { Fragment } from 'react';
import { type UseFormReturn, useWatch } from 'react-hook-form';
import { FormSection } from '@/shell/app/form/form-section';
import { useText } from '@/shell/i18n/use-text';
import type { ConnectionType } from './connection-types';
import type { ConnectionValues } from './connection-values';
import type { Connection } from './connections';
import { type ErrorAt, PasswordField, SettingField } from './setting-field';
import { text } from './text';
import { useSettingChoices } from './use-setting-choices';

interface ConnectionFieldsProps {
  type: ConnectionType;
  connection: Connection;
  form: UseFormReturn<ConnectionValues>;
  errorAt: ErrorAt;
  /** Number of saves in this form. */
  saves: number;
}

/** Settings of a connection, with the password after the user name. */
export function ConnectionFields({ type, connection, form, errorAt, saves }: ConnectionFieldsProps) {
  const t = useText(text);
  const choosable = useSettingChoices(type, connection, form);
  const byToken = useWatch({ control: form.control, name: 'config.auth' }) === 'oauth2';
  const password = (
    <PasswordField
      // A save replaces the field; a save by another person must not discard input.
      key={saves}
      type={type}
      stored={connection.config}
      form={form}
      error={errorAt('secret.password')}
    />
  );
  return (
    <FormSection title={t.settings}>
      {type.fields
        .filter(setting => byToken || !setting.by_token)
        .map(setting => (
          <Fragment key={setting.name}>
            <SettingField setting={setting} form={form} errorAt={errorAt} choosable={choosable(setting)} />
            {setting.name === 'username' ? password : null}
          </Fragment>
        ))}
    </FormSection>
  );
}
