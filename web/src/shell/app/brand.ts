import { useShellText } from '@/shell/i18n/shell-text';
import { useLanguage } from '@/shell/i18n/language';
import { type ProductText, useProducts } from './product';

/** Name of the application: that of its only product, or the platform's. */
export function useBrand(): ProductText {
  const { platform } = useShellText();
  const language = useLanguage();
  const [first, ...others] = useProducts();
  return first && others.length === 0 ? first.text[language] : platform;
}
