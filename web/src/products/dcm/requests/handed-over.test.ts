import { expect, it } from 'vitest';
import { handedOver, isOver } from './handed-over';

it('does not say that a VM is ready when it is gone, going, off, suspended or missing', () => {
  const request = { decommissioned_at: null };
  const active = { status: 'active', terminal: false, power: 'on' };
  expect(handedOver(request, active)).toBe('ready');
  expect(handedOver(request, undefined)).toBe('ready');
  expect(handedOver(request, { ...active, power: 'off' })).toBe('off');
  expect(handedOver(request, { ...active, power: 'suspended' })).toBe('suspended');
  expect(handedOver(request, { ...active, power: 'missing' })).toBe('missing');
  expect(handedOver(request, { ...active, status: 'decommissioning' })).toBe('going');
  expect(handedOver(request, { ...active, status: 'decommission-failed' })).toBe('stuck');
  expect(handedOver(request, { status: 'decommissioned', terminal: true, power: 'off' })).toBe('gone');
  expect(handedOver({ decommissioned_at: '2026-11-28T10:00:00Z' }, undefined)).toBe('gone');
});

it('describes next steps only for an existing machine', () => {
  const request = { decommissioned_at: null, terminal: true };
  expect(isOver({ ...request, status: 'fulfilled' })).toBe(false);
  expect(isOver({ ...request, status: 'pending', terminal: false })).toBe(false);
  expect(isOver({ ...request, status: 'rejected' })).toBe(true);
  expect(isOver({ ...request, status: 'fulfilled', decommissioned_at: '2026-11-28T10:00:00Z' })).toBe(true);
});
