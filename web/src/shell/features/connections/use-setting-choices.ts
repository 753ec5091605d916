import type { UseFormReturn } from 'react-hook-form';
import type { Choosable } from '@/shell/app/choose/choices';
import { Problem } from '@/shell/api/problem';
import { useText } from '@/shell/i18n/use-text';
import type { ConnectionType, Setting } from './connection-types';
import { type ConnectionValues, atPassword, toBody } from './connection-values';
import { type Connection, draftChoices } from './connections';
import { text } from './text';

/** Choices of a setting from the other system, with the draft's values. */
export function useSettingChoices(
  type: ConnectionType,
  connection: Connection,
  form: UseFormReturn<ConnectionValues>,
) {
  const t = useText(text);
  return ({ name, label, choosable }: Setting): Choosable | undefined => {
    if (!choosable) return undefined;
    return {
      label,
      where: type.name,
      load: async (search, signal) => {
        const body = toBody(type, form.getValues(), connection.config);
        try {
          return await draftChoices(connection, { ...body, of: name, search }, signal);
        } catch (cause) {
          throw inTheList(atPassword(cause), field =>
            t.neededFirst(field === 'password' ? t.password : field),
          );
        }
      },
      onChoose: ({ value }) => form.setValue(`config.${name}`, value, { shouldDirty: true }),
    };
  };

  /** The list has no fields, so a missing value is reported as a sentence. */
  function inTheList(cause: unknown, sentence: (field: string) => string): unknown {
    if (!(cause instanceof Problem) || cause.errors.length === 0) return cause;
    const names = cause.errors.map(({ pointer }) => pointer.split('/').at(-1) ?? '');
    const labels = names.map(field => type.fields.find(({ name }) => name === field)?.label ?? field);
    const { status, code, title } = cause;
    return new Problem({ status, code, title, detail: sentence(labels.join(', ')) });
  }
}
