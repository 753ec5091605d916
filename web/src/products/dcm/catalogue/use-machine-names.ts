import { type ClipboardEvent, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { useWatch } from 'react-hook-form';
import type { CommandForm } from '@/shell/app/form/use-command-form';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { type RequestValues, pastedNames, withPasted } from './request-values';
import { text } from './text';

/** Names of all machines of a request form, and the ways to change them. */
export function useMachineNames({ form }: CommandForm<RequestValues>) {
  const t = useText(text).form;
  const format = useFormat();
  const list = useRef<HTMLDivElement>(null);
  const [said, say] = useState('');
  const [first = '', more = []] = useWatch({ control: form.control, name: ['name', 'more_names'] });
  const names = [first, ...more];
  const change = ([name = '', ...others]: string[]) => {
    form.setValue('name', name, { shouldDirty: true });
    form.setValue('more_names', others, { shouldDirty: true });
  };
  /** Changes the rows, says so, and moves the focus to the field of a row. */
  const changeRows = (changed: string[], words: string, focused: number) => {
    flushSync(() => {
      change(changed);
      say(words);
    });
    list.current?.querySelectorAll('input')[focused]?.focus();
  };
  return {
    list,
    /** Sentence about the last change, for screen readers. */
    said,
    names,
    set: (index: number, value: string) => change(names.map((old, at) => (at === index ? value : old))),
    add: () => changeRows([...names, ''], t.added('1'), names.length),
    remove: (index: number) => {
      form.clearErrors('more_names');
      const words = t.removed(names[index] || t.another(format.number(index + 1)));
      const rest = names.filter((_, at) => at !== index);
      changeRows(rest, words, index - 1);
    },
    /** Adds a machine per name, if the pasted text has several. */
    paste: (index: number) => (event: ClipboardEvent<HTMLInputElement>) => {
      const pasted = pastedNames(event.clipboardData.getData('text'));
      if (pasted.length < 2) return;
      event.preventDefault();
      const changed = withPasted(names, index, pasted);
      const words = t.added(format.number(changed.length - names.length));
      changeRows(changed, words, index + pasted.length - (names[index] ? 0 : 1));
    },
  };
}
