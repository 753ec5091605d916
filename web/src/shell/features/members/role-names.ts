import { useCallback } from 'react';
import { useProducts } from '@/shell/app/product';
import { useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';

/** Names of roles for people; a role without one is shown as it is. */
export function useRoleName(): (role: string) => string {
  const { roles } = useShellText();
  const language = useLanguage();
  const products = useProducts();
  return useCallback(
    role => {
      const all: Record<string, string>[] = [roles, ...products.map(product => product.roles[language])];
      return all.find(names => Object.hasOwn(names, role))?.[role] ?? role;
    },
    [roles, language, products],
  );
}
