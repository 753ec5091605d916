import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Attempts } from './attempts';
import type { BasisHeader } from './basis';
import { answerOf, api } from './client';
import { Problem } from './problem';
import { type ViewName, readOwnWrite } from './rows';
import type { components, paths } from './schema';

type Path = Exclude<
  keyof paths & `/api/dcm/commands/${string}`,
  `/api/dcm/commands/${string}/choices/${string}`
>;
export type CommandName = Path extends `/api/dcm/commands/${infer Name}` ? Name : never;
export type CommandBody<C extends CommandName> = NonNullable<
  paths[`/api/dcm/commands/${C}`]['post']['requestBody']
>['content']['application/json'];
export type Accepted = components['schemas']['Accepted'];

/**
 * A command that a person gives. Resolves when the person can see what it did: the row that it is about has caught up, and
 * all lists of the product are asked anew. Sent again after an unclear outcome it is the same attempt.
 */
export function useCommand<C extends CommandName>(name: C, basis?: BasisHeader) {
  const client = useQueryClient();
  const attempts = useMemo(() => new Attempts(name), [name]);
  return useMutation<Accepted, Problem, CommandBody<C>>({
    mutationFn: async body => {
      const { key, decided } = attempts.begin(body);
      try {
        const accepted = await give(name, body, { 'Idempotency-Key': key, ...basis });
        decided();
        return accepted;
      } catch (cause) {
        if (cause instanceof Problem && !cause.undecided) decided();
        throw cause;
      }
    },
    onSuccess: async accepted => {
      const { subject, position } = accepted;
      if (subject?.view && subject.key && position) {
        // What was written stays written, even if it cannot be read just now.
        await readOwnWrite(client, subject.view as ViewName, subject.key, position).catch(() => undefined);
      }
      void client.invalidateQueries({ queryKey: ['view'] });
    },
  });
}

type Headers = { 'Idempotency-Key': string } & BasisHeader;

function give<C extends CommandName>(name: C, body: CommandBody<C>, header: Headers): Promise<Accepted> {
  const path = `/api/dcm/commands/${name}` as '/api/dcm/commands/request-vm';
  const params = { header };
  // What was given is given, also when the tab is closed before the answer is there.
  const keepalive = true;
  return answerOf(
    api.POST(path, { params, body: body as CommandBody<'request-vm'>, keepalive }),
  ) as Promise<Accepted>;
}

/** What the host would say, without that anything happens. */
export function rehearse<C extends CommandName>(
  name: C,
  body: CommandBody<C>,
  signal: AbortSignal,
): Promise<Accepted> {
  const path = `/api/dcm/commands/${name}` as '/api/dcm/commands/request-vm';
  const params = { query: { 'dry-run': true } };
  return answerOf(
    api.POST(path, { params, body: body as CommandBody<'request-vm'>, signal }),
  ) as Promise<Accepted>;
}
