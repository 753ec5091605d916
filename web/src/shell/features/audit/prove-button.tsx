import { ShieldCheck } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { CopyButton } from '@/shell/app/page/copy-button';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent, DialogTrigger } from '@/shell/ui/dialog';
import { Progress } from '@/shell/ui/progress';
import { BrokenOff, type Report, prove } from './proof';
import { proofText } from './proof-text';

type Proof = { share: number } | { report: Report } | { cause: unknown };

/** Button that verifies the hash chain, and explains what the result proves. */
export function ProveButton() {
  const t = useText(proofText);
  const [proof, setProof] = useState<Proof | null>(null);
  const running = useRef<AbortController | null>(null);
  const end = () => running.current?.abort();
  useEffect(() => end, []);
  const begin = () => {
    end();
    const abort = new AbortController();
    running.current = abort;
    setProof({ share: 0 });
    const tell = (next: Proof) => (abort.signal.aborted ? undefined : setProof(next));
    prove(share => tell({ share }), abort.signal).then(
      report => tell({ report }),
      (cause: unknown) => tell({ cause }),
    );
  };
  return (
    <Dialog onOpenChange={open => (open ? begin() : end())}>
      <DialogTrigger asChild>
        <Button>
          <ShieldCheck aria-hidden />
          {t.prove}
        </Button>
      </DialogTrigger>
      <DialogContent title={t.title} closeLabel={t.close} className="max-w-xl">
        {proof ? <Said proof={proof} /> : null}
        {proof && !('share' in proof) ? (
          <DialogActions>
            <Button onClick={begin}>{t.again}</Button>
          </DialogActions>
        ) : null}
      </DialogContent>
    </Dialog>
  );
}

function Said({ proof }: { proof: Proof }) {
  const t = useText(proofText);
  if ('report' in proof) return <ReportSaid report={proof.report} />;
  if ('share' in proof) {
    return (
      <div className="grid gap-3">
        <p role="status">{t.under}</p>
        <Progress value={Math.round(proof.share * 100)} label={t.progress} />
      </div>
    );
  }
  if (proof.cause instanceof BrokenOff) return <Alert tone="bad" role="alert" title={t.brokenOff} />;
  return <ProblemAlert cause={proof.cause} />;
}

export function ReportSaid({ report }: { report: Report }) {
  const t = useText(proofText);
  const { number, zoned } = useFormat();
  const found = report.findings.length + report.more;
  return (
    <div className="grid gap-4 text-sm">
      <Alert tone={found === 0 ? 'good' : 'bad'} role="status" title={found === 0 ? t.sound : t.unsound}>
        {found > 0 ? (
          <>
            <p>{t.found(number(found))}</p>
            <ul className="list-disc pl-5 wrap-anywhere">
              {report.findings.map(finding => (
                <li key={JSON.stringify(finding)}>{t.finding(finding)}</li>
              ))}
            </ul>
            {report.more > 0 ? <p>{t.more(number(report.more))}</p> : null}
          </>
        ) : (
          <p>
            {report.events === 0
              ? t.noEvents
              : t.events(number(report.events), zoned(report.first_at), zoned(report.last_at))}
          </p>
        )}
      </Alert>
      {found === 0 && report.anchored > 0 ? (
        <p>{t.beside(number(report.anchored), number(report.anchors))}</p>
      ) : null}
      {report.not_anchored > 0 ? <p>{t.waiting(number(report.not_anchored))}</p> : null}
      <dl className="grid gap-2">
        <Head label={t.head} hash={report.head} />
        <Head label={t.anchorHead} hash={report.anchor_head} />
      </dl>
      <section className="grid gap-1.5">
        <h3 className="font-medium">{t.limits}</h3>
        <ul className="list-disc pl-5 text-quiet">
          {t.notProven.map(sentence => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Head({ label, hash }: { label: string; hash: string }) {
  return (
    <div>
      <dt className="text-quiet">{label}</dt>
      <dd className="flex items-center gap-1">
        <code className="min-w-0 font-mono text-xs wrap-anywhere">{hash}</code>
        <CopyButton text={hash} what={label} />
      </dd>
    </div>
  );
}
