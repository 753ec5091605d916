import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Attempts } from './attempts';
import type { BasisHeader } from './basis';
import { answerOf, api } from './client';
import type { Accepted, CommandBody, CommandName, ProductId, ViewName } from './contract';
import { Problem } from './problem';
import { readOwnWrite } from './rows';

/**
 * Gives a command.
 *
 * Resolves when its effect is visible: the row has caught up, and all lists are requested again.
 * Repeated after an unknown outcome, it is the same attempt.
 */
export function useCommand<P extends ProductId, C extends CommandName<P>>(
  product: P,
  name: C,
  basis?: BasisHeader,
) {
  const client = useQueryClient();
  const attempts = useMemo(() => new Attempts(`${product}/${name}`), [product, name]);
  return useMutation<Accepted, Problem, CommandBody<P, C>>({
    mutationFn: async body => {
      const { key, decided } = attempts.begin(body);
      try {
        const accepted = await give(product, name, body, { 'Idempotency-Key': key, ...basis });
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
        // The command succeeded, even if its row cannot be read at the moment.
        await readOwnWrite(client, product, subject.view as ViewName<P>, subject.key, position).catch(
          () => undefined,
        );
      }
      void client.invalidateQueries({ queryKey: ['view'] });
    },
  });
}

type Headers = { 'Idempotency-Key': string } & BasisHeader;

function give<P extends ProductId, C extends CommandName<P>>(
  product: P,
  name: C,
  body: CommandBody<P, C>,
  header: Headers,
): Promise<Accepted> {
  // keepalive: the command is sent even if the tab is closed before the answer.
  return post(product, name, { params: { header }, body, keepalive: true });
}

/** Rehearses a command: the host decides and records nothing. */
export function rehearse<P extends ProductId, C extends CommandName<P>>(
  product: P,
  name: C,
  body: CommandBody<P, C>,
  signal: AbortSignal,
): Promise<Accepted> {
  return post(product, name, { params: { query: { 'dry-run': true } }, body, signal });
}

// All commands share one shape, which TypeScript cannot infer from a computed path.
function post(product: ProductId, name: string, request: object): Promise<Accepted> {
  const path = `/api/${product}/commands/${name}`;
  return answerOf<Accepted>(api.POST(path as never, request as never));
}
