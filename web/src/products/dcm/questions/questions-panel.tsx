import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { UnsentNote } from '@/shell/app/form/unsent-note';
import { FormAlert } from '@/shell/app/form/form-alert';
import { Panel } from '@/shell/app/page/panel';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { Action, CommandBody, Row } from '../api';
import { useCommandForm } from '../command-form';
import { Conversation } from './conversation';
import { text } from './text';
import { threadOf } from './thread';

/** Questions about a request, and the form for its requester's answer. */
export function QuestionsPanel({ request }: { request: Row<'requests'> }) {
  const t = useText(text);
  const thread = useRef<HTMLDivElement>(null);
  const answer = request.actions.find(one => one.command === 'answer' && one.permitted && one.allowed);
  if (threadOf(request).length === 0) return null;
  return (
    <Panel title={t.title} className="mb-6">
      <div ref={thread} tabIndex={-1} className="grid gap-5 p-5 outline-none">
        <Conversation row={request} />
        {answer ? (
          <AnswerForm
            // An answer belongs to the revision that was asked about.
            key={String(answer.body.revision)}
            action={answer}
            request={request}
            // The form is gone after the answer: the focus moves to the conversation.
            onAnswered={() => thread.current?.focus()}
          />
        ) : null}
      </div>
    </Panel>
  );
}

interface AnswerFormProps {
  action: Action;
  request: Row<'requests'>;
  onAnswered: () => void;
}

const TEXT = ['text'] as const;

function AnswerForm({ action, request, onAnswered }: AnswerFormProps) {
  const t = useText(text).answer;
  const command = useCommandForm<'answer', { text: string }>({
    command: 'answer',
    defaultValues: { text: '' },
    fields: TEXT,
    unsent: `answer/${request.key}`,
    body: ({ text: answer }) => ({ ...action.body, text: answer }) as CommandBody<'answer'>,
    onDone: () => {
      toast.success(t.done(request.vm_name ?? ''));
      onAnswered();
    },
  });
  const revisable = request.actions.some(one => one.command === 'revise-request' && one.allowed);
  return (
    <form noValidate onSubmit={command.submit} className="grid gap-4 border-t border-line pt-5">
      <UnsentNote unsent={command.unsent} />
      <Field label={t.label} hint={t.hint} error={command.errorAt('text')} className="max-w-3xl">
        <Textarea rows={4} {...command.form.register('text')} />
      </Field>
      <FormAlert alert={command.alert} />
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" look="primary" busy={command.busy}>
          {action.title}
        </Button>
        {revisable ? (
          <Button asChild look="quiet">
            <Link to="/requests/$id/revise" params={{ id: request.key }}>
              {t.instead}
            </Link>
          </Button>
        ) : null}
      </div>
    </form>
  );
}
