import { createContext, use } from 'react';
import type { KnownNames } from './sentence';

/** Context of all parts of the policy editor. */
export interface Editor {
  /** Error at a JSON pointer of the command. */
  errorAt: (pointer: string) => string | undefined;
  names: KnownNames;
  /** Whether people are found by name; otherwise their ids are typed. */
  findsPeople: boolean;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (!editor) throw new Error('there is no editor around this part');
  return editor;
}
