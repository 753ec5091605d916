import { useFormat } from '@/shell/i18n/format';

export function Time({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.zoned(at)}>
      {format.since(at)}
    </time>
  );
}
