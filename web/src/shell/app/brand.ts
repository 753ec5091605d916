import { useShellText } from '@/shell/i18n/shell-text';
import { useLanguage } from '@/shell/i18n/language';
import { type ProductText, useProducts } from './product';

/** How the application calls itself: as its only product, and as the platform where there are several. */
export function useBrand(): ProductText {
  const { platform } = useShellText();
  const language = useLanguage();
  const [first, ...others] = useProducts();
  return first && others.length === 0 ? first.text[language] : platform;
}
