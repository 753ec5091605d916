import { useProducts } from '@/shell/app/product';
import { useLanguage } from '@/shell/i18n/language';
import { said } from '@/shell/i18n/said';

/** Returns the name that a product gives to a mail. */
export function useMailName(): (mail: { plugin: string; template: string }) => string {
  const products = useProducts();
  const language = useLanguage();
  return ({ plugin, template }) =>
    said(products.find(product => product.id === plugin)?.mails[language] ?? {}, template);
}
