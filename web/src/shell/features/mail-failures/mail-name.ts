import { useProducts } from '@/shell/app/product';
import { useLanguage } from '@/shell/i18n/language';
import { textOfCode } from '@/shell/i18n/text-of-code';

/** Returns the name that a product gives to a mail. */
export function useMailName(): (mail: { plugin: string; template: string }) => string {
  const products = useProducts();
  const language = useLanguage();
  return ({ plugin, template }) =>
    textOfCode(products.find(product => product.id === plugin)?.mails[language] ?? {}, template);
}
