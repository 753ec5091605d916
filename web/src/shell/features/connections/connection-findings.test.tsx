import { render, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { language } from '@/shell/i18n/language';
import { VSPHERE } from './connection-testing';
import { ConnectionFindings } from './connection-findings';
import type { Finding } from './connections';
import { text } from './text';

const good = { state: 'good', code: null, text: null, message: null } as const;

const findings: Finding[] = [
  { ...good, kind: 'setting', name: 'folder', subject: 'EAF/acme' },
  {
    kind: 'setting',
    name: 'vcenter',
    subject: 'VMware ESXi 8.0.3',
    state: 'bad',
    code: 'not-vcenter',
    text: 'A single ESXi host answers.',
    message: 'What answers is HostAgent.',
  },
  {
    kind: 'privilege',
    name: 'VirtualMachine.Inventory.Delete',
    subject: 'EAF/acme/shop',
    state: 'bad',
    code: 'vcenter-permission',
    text: 'The user lacks a privilege.',
    message: 'It is lacking on EAF/acme/shop.',
  },
  { ...good, kind: 'privilege', name: 'Network.Assign', subject: '', state: 'untested' },
];

it.each(['en', 'de'] as const)('says each line in words, not by colour alone (%s)', chosen => {
  language.choose(chosen);
  render(<ConnectionFindings type={VSPHERE} findings={findings} />);
  const t = text[chosen];
  const settings = within(screen.getByRole('region', { name: t.findings.settings }));
  const privileges = within(screen.getByRole('region', { name: t.findings.privileges }));
  const lines = (list: typeof settings) => list.getAllByRole('listitem').map(item => item.textContent);
  expect(lines(settings)).toEqual([
    `Folder${t.findings.states.setting.good}EAF/acme`,
    `Kind of server${t.findings.states.setting.bad}VMware ESXi 8.0.3` +
      'A single ESXi host answers.What answers is HostAgent.',
  ]);
  expect(lines(privileges)).toEqual([
    `VirtualMachine.Inventory.Delete${t.findings.states.privilege.bad}EAF/acme/shop` +
      'It is lacking on EAF/acme/shop.',
    `Network.Assign${t.findings.states.privilege.untested}`,
  ]);
});

it('shows no heading for what a connection does not have', () => {
  language.choose('en');
  render(<ConnectionFindings type={VSPHERE} findings={findings.slice(0, 1)} />);
  expect(screen.queryByRole('heading', { name: text.en.findings.privileges })).toBeNull();
});
