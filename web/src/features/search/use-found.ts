import { type Row, useRows } from '@/api/rows';
import { may, useSession } from '@/api/session';
import { type Person, wordsOf, holds, peopleIn } from './words';
import { useSettled } from '@/app/use-settled';

/** Things of one kind that are shown; who wants others types more. */
const MOST = 6;
/** Milliseconds without a key before the host is asked. */
const PAUSE = 150;

export interface Found {
  vms: Row<'vms'>[];
  requests: Row<'requests'>[];
  offerings: Row<'offerings'>[];
  people: Person[];
  /** There are more of a kind than are shown. */
  more: boolean;
  state: 'found' | 'searching' | 'failed';
}

/** What the host finds by the typed words, of what these people may read. */
export function useFound(typed: string): Found {
  const session = useSession();
  const words = wordsOf(typed);
  const asked = useSettled(words.join(' '), PAUSE);
  const enabled = asked.length > 1;
  const reads = may(session, 'dcm.request', 'dcm.approve', 'dcm.operate', 'dcm.audit');
  const options = { enabled: enabled && reads, throwOnError: false };
  const offers = { enabled: enabled && may(session, 'dcm.request', 'dcm.audit'), throwOnError: false };
  const vms = useRows('vms', { search: asked, limit: MOST }, options);
  const requests = useRows('requests', { search: asked, limit: MOST }, options);
  const offerings = useRows('offerings', { search: asked, limit: MOST }, offers);

  const queries = [vms, requests, offerings];
  const enough = words.join(' ').length > 1;
  const isOpen = ({ isFetching, isPlaceholderData, data }: (typeof queries)[number]) =>
    isFetching && (isPlaceholderData || data === undefined);
  const pending = asked !== words.join(' ') || queries.some(isOpen);
  const found = {
    // Until the answer is there, what was found before by fewer letters.
    vms: (enough ? (vms.data ?? []) : []).filter(row => holds(words, textsOfVm(row))),
    requests: (enough ? (requests.data ?? []) : []).filter(row => holds(words, textsOfRequest(row))),
    offerings: (enough ? (offerings.data ?? []) : []).filter(row =>
      holds(words, [row.name, row.key, row.image]),
    ),
  };
  return {
    ...found,
    more: Object.values(found).some(rows => rows.length >= MOST),
    people: peopleIn([...found.vms, ...found.requests], words),
    state:
      !enough || !reads
        ? 'found'
        : queries.some(query => query.isError)
          ? 'failed'
          : pending
            ? 'searching'
            : 'found',
  };
}

const textsOfVm = (row: Row<'vms'>) => [row.name, row.vcenter_name, row.ip, row.requester_name, row.key];
const textsOfRequest = (row: Row<'requests'>) => [
  row.vm_name,
  row.ip,
  row.requester_name,
  row.offering_name,
  row.key,
];
