import { Panel } from '@/shell/app/page/panel';
import type { PolicyDocument } from './document';
import { sentencesOf } from './sentence';
import type { KnownNames } from './sentence';
import { useSpeech } from './use-names';

interface SentencePanelProps {
  title: string;
  document: PolicyDocument;
  names: KnownNames;
}

/** The policy in plain language. */
export function SentencePanel({ title, document, names }: SentencePanelProps) {
  const sentences = sentencesOf(document, useSpeech(names));
  return (
    <Panel title={title}>
      <div className="grid gap-3 px-5 py-4 text-sm">
        {sentences.map((sentence, index) => (
          <p key={`sentence ${String(index)}`} className="wrap-anywhere">
            {sentence}
          </p>
        ))}
      </div>
    </Panel>
  );
}
