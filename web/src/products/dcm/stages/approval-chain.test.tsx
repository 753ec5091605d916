import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { Row } from '../api';
import { ApprovalChain } from './approval-chain';

const HOUR = 3_600_000;
const NOW = Date.now();

const session = { kind: 'member', actor: 'id-lena', name: 'Lena', permissions: [] } as unknown as Session;

const because = [{ fact: 'monthly_cents', actual: 61_200, is: 'gt', bound: 50_000, holds: true }];

const manager = {
  key: 'costly.manager',
  policy: 'costly',
  name: { de: 'Vorgesetzte', en: 'Manager' },
  because: [],
  after: [],
  approvers: [{ manager_of: 'requester' }],
  needs: 'any',
};

const finance = {
  ...manager,
  key: 'costly.finance',
  name: { de: 'Finanzen', en: 'Finance' },
  after: ['costly.manager'],
  approvers: [{ group: 'fin-key' }],
  needs: { at_least: 2 },
  deadline: { hours: 16, escalate: [{ to: { permission: 'operate' }, hours: 8 }], finally: 'expire' },
};

const progress = {
  since: NOW,
  due_at: null,
  asked: [[]],
  escalations: 0,
  operators_asked: false,
  passed_on: [],
  passed_at: null,
};

const request = {
  status: 'pending',
  requester_id: 'id-lena',
  requester_name: 'Lena Hoffmann',
  offering_name: 'Small',
  currency: 'EUR',
  decided_at: null,
  waiting: { people: ['Frieda Finance'] },
  approval: {
    plan: { policies: [{ policy: 'costly', because }], auto: [], stages: [manager, finance] },
    stages: {
      'costly.manager': { ...progress, asked: [manager.approvers], passed_at: NOW },
      'costly.finance': { ...progress, asked: [finance.approvers], due_at: NOW + 5 * HOUR },
    },
  },
  decisions: [
    {
      stage: 'costly.manager',
      approver_id: 'id-doris',
      approver_name: 'Doris Deputy',
      on_behalf_of_id: 'id-mara',
      verdict: 'approve',
      comment: null,
      at: NOW,
    },
    {
      stage: 'costly.finance',
      approver_id: 'id-fritz',
      approver_name: 'Fritz Finance',
      on_behalf_of_id: null,
      verdict: 'approve',
      comment: 'Within the budget.',
      at: NOW,
    },
  ],
};

function show(row: object) {
  render(
    <QueryClientProvider client={createQueryClient()}>
      <SessionContext value={session}>
        <ApprovalChain request={row as Row<'requests'>} />
      </SessionContext>
    </QueryClientProvider>,
  );
  return document.body.textContent ?? '';
}

afterEach(cleanup);

describe('the page of a request', () => {
  it('shows each stage with its people, decisions, deadline and consequence', () => {
    const page = show(request);
    const [first, second] = within(screen.getByRole('list', { name: /in order/ }))
      .getAllByRole('heading', { level: 3 })
      .map(heading => heading.closest('li')?.textContent ?? '');
    expect(first).toContain('Manager');
    expect(first).toContain('passed');
    expect(first).toContain('the manager of Lena Hoffmann');
    expect(first).toContain('Doris Deputy approved, as a deputy');
    expect(second).toContain('waits for a decision');
    expect(second).toContain('because the cost per month is €612.00 (more than €500.00)');
    expect(second).toContain('1 of 2 approvals');
    expect(second).toContain('Still to decide:Frieda Finance');
    expect(second).toContain('Fritz Finance approved');
    expect(second).toContain('Within the budget.');
    expect(second).toContain('Then these are asked too: the administrators.');
    expect(page).not.toMatch(/costly|fin-key|id-|operate|at_least/);
  });

  it('names the person for whom a deputy decided if the page knows the name', () => {
    const [deputy] = request.decisions;
    const mara = { ...request.decisions[1], approver_id: 'id-mara', approver_name: 'Mara Lang' };
    expect(show({ ...request, decisions: [deputy, mara] })).toContain('as deputy of Mara Lang');
  });

  it('says who passed on to whom and who is asked since a reassignment, with the names it knows', () => {
    const moved = {
      ...request.approval.stages['costly.finance'],
      asked: [[{ actor: 'id-lena' }]],
      passed_on: [
        { from: 'id-fritz', to: 'id-lena' },
        { from: 'id-lena', to: 'id-unknown' },
      ],
    };
    const stages = { ...request.approval.stages, 'costly.finance': moved };
    const page = show({ ...request, approval: { ...request.approval, stages } });
    expect(page).toContain('Asked since the reassignment:Lena Hoffmann');
    expect(page).toContain(
      'Passed on:from Fritz Finance to Lena Hoffmann; from Lena Hoffmann to another person',
    );
    expect(page).not.toContain('id-');
  });

  it('says that stages do not wait for each other', () => {
    const together = { ...request.approval.plan, stages: [manager, { ...finance, after: [] }] };
    const page = show({ ...request, approval: { ...request.approval, plan: together } });
    expect(page).toContain('do not wait for each other');
    expect(screen.getAllByRole('heading', { level: 3 })).toHaveLength(2);
  });

  it('names the rule that approved a request without people', () => {
    const auto = [{ name: { de: 'Kleine', en: 'Small ones' }, because }];
    const plan = { policies: [], auto, stages: [] };
    const page = show({ ...request, status: 'approved', approval: { plan, stages: {} }, decisions: null });
    expect(page).toContain('Approved automatically by the rule “Small ones”');
    expect(page).toContain('because the cost per month');
  });

  it('has no picture for a request without an approval', () => {
    expect(show({ ...request, approval: null })).toBe('');
  });
});

const nodes = () =>
  within(screen.getByRole('list', { name: 'Way of the request' }))
    .getAllByRole('listitem')
    .filter(item => item.querySelector('li') === null);
const faces = (node: HTMLElement | undefined) =>
  within(node ?? document.body)
    .queryAllByRole('img')
    .map(face => face.getAttribute('aria-label'));

describe('the picture of the way', () => {
  it('has the faces and the time of each stage, from the requester on', () => {
    show({ ...request, submitted_at: new Date(NOW).toISOString() });
    const [requester, first, second] = nodes();
    expect(faces(requester)).toEqual(['Lena Hoffmann']);
    expect(faces(first)).toEqual(['Doris Deputy, approved']);
    expect(faces(second)).toEqual(['Fritz Finance, approved', 'Frieda Finance']);
    expect(second?.textContent).toMatch(/FF.*Finance.*waits for a decision.*until /u);
  });

  it('shows the people of a plan in words where it knows no name', () => {
    const stages = { 'costly.manager': { ...progress, asked: [manager.approvers] } };
    show({
      ...request,
      waiting: { people: [] },
      decisions: null,
      approval: { ...request.approval, stages },
    });
    const [, first, second] = nodes();
    expect(faces(first)).toEqual(['the manager of Lena Hoffmann']);
    expect(first?.textContent).toContain('no deadline');
    expect(faces(second)).toEqual(['the members of a group']);
    expect(second?.textContent).toContain('16 business hours');
  });

  it('says that a deadline stands still, and how many people it leaves out', () => {
    const stopped = { ...request.approval.stages['costly.finance'], due_at: null, left_ms: HOUR };
    const stages = { ...request.approval.stages, 'costly.finance': stopped };
    const people = ['Ann A', 'Ben B', 'Cem C', 'Dora D'];
    show({ ...request, waiting: { people }, approval: { ...request.approval, stages } });
    expect(nodes()[2]?.textContent).toContain('deadline stands still');
    expect(nodes()[2]?.textContent).toContain('and 1 more');
  });
});
