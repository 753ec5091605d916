import type { FieldValues } from 'react-hook-form';
import { type CommandFormOptions, useCommandForm as useForm } from '@/shell/app/form/use-command-form';
import { type CommandName, ID } from './api';

/** Form that gives one of the product's commands. */
export function useCommandForm<C extends CommandName, F extends FieldValues>(
  options: Omit<CommandFormOptions<typeof ID, C, F>, 'product'>,
) {
  return useForm<typeof ID, C, F>({ product: ID, ...options });
}
