import { useState } from 'react';
import { ChoiceFilter } from '@/shell/app/list/choice-filter';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { useText } from '@/shell/i18n/use-text';
import type { Row } from '../api';
import type { WaterfallListProps } from '../waterfall/waterfall-list';
import { text } from './text';
import { Timeline } from './timeline';

const WaterfallList = lazyPage<'WaterfallList', WaterfallListProps>(
  () => import('../waterfall/waterfall-list'),
  'WaterfallList',
);

interface RequestTimelineProps {
  request: Row<'requests'> | undefined;
  events: Row<'timeline'>[] | undefined;
}

/** Timeline of a request; after its end people can also see how long each part took. */
export function RequestTimeline({ request, events }: RequestTimelineProps) {
  const t = useText(text).timeline;
  const [view, setView] = useState<'list' | 'durations'>('list');
  if (!request?.terminal || !events) return <Timeline events={events} />;
  const choice = (
    <ChoiceFilter
      label={t.view}
      value={view}
      options={[
        { value: 'list', label: t.list },
        { value: 'durations', label: t.durations },
      ]}
      onChange={chosen => setView(chosen ?? 'list')}
    />
  );
  return (
    <Timeline events={events} beside={choice}>
      {view === 'durations' ? <WaterfallList request={request} events={events} /> : null}
    </Timeline>
  );
}
