import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';
import type { Source } from './audit-search';

export type AuditRow = paths['/api/host/audit/row']['get']['responses'][200]['content']['application/json'];
export type Field = AuditRow['fields'][number];
export type Step = AuditRow['trace'][number];

export const auditRowQuery = (source: Source, key: string) =>
  queryOptions({
    queryKey: ['host', 'audit-row', source, key],
    queryFn: ({ signal }): Promise<AuditRow> =>
      answerOf(api.GET('/api/host/audit/row', { params: { query: { source, key } }, signal })),
  });
