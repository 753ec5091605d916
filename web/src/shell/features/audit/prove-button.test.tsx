import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { type Report, lines } from './proof';
import { proofText } from './proof-text';
import { ReportSaid } from './prove-button';

const SOUND: Report = {
  events: 3_214,
  first_at: '2026-03-01T10:00:00Z',
  last_at: '2026-03-02T10:00:00Z',
  head: 'c2cc'.repeat(16),
  anchors: 12,
  anchor_head: 'ab'.repeat(32),
  anchored: 512,
  not_anchored: 0,
  findings: [],
  more: 0,
};

describe('the proof of the log', () => {
  it('shows the result with the last hash, and its limits', () => {
    render(<ReportSaid report={SOUND} />);
    expect(screen.getAllByRole('status')[0]?.textContent).toContain(proofText.en.sound);
    expect(screen.getAllByRole('status')[0]?.textContent).toContain('3,214 events');
    expect(screen.getByText(SOUND.head)).toBeDefined();
    for (const sentence of proofText.en.notProven) expect(screen.getByText(sentence)).toBeDefined();
  });

  it('shows the place of a broken chain', () => {
    const findings = [
      { finding: 'leaf', position: 7, event: 'e' },
      { finding: 'altered', table: 'eaf.audit', anchor: 3, row: 'r' },
      { finding: 'newer-than-this-page', position: 9 },
    ];
    render(<ReportSaid report={{ ...SOUND, findings, more: 2 }} />);
    const said = screen.getAllByRole('status')[0]?.textContent;
    expect(said).toContain(proofText.en.unsound);
    expect(said).toContain('5 places differ');
    expect(said).toContain('The event at position 7 was changed.');
    expect(said).toContain('newer-than-this-page 9');
  });

  it('is read line by line, however the stream is split', async () => {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of ['{"a":"', 'ü"}\n{"b"', ':1}\n\n', '{"cut'])
          controller.enqueue(encoder.encode(piece));
        controller.close();
      },
    });
    const found: string[] = [];
    for await (const line of lines(body)) found.push(line);
    expect(found).toEqual(['{"a":"ü"}', '{"b":1}']);
  });
});
