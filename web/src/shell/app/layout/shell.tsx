import { useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { useEffect } from 'react';
import { forgetAttemptsOfOthers } from '@/shell/api/attempts';
import { connectLive } from '@/shell/api/live-views';
import { isProblem, shownHere } from '@/shell/api/problem';
import { type Session, SessionContext, useSessionQuery } from '@/shell/api/session';
import { useSessionEnd } from '@/shell/api/session-end';
import { PersonChangedPage } from '@/shell/app/sign-in/person-changed-page';
import { SignInPage } from '@/shell/app/sign-in/sign-in-page';
import { SessionEndedDialog } from '@/shell/app/sign-in/session-ended-dialog';
import { language } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { ActionDialogs } from '../actions/action-dialogs';
import { DelayedActions } from '../actions/delayed-actions';
import { useOneTargetPerDoubleClick } from '../actions/ignore-clicks';
import { forgetInputOfOthers } from '../form/unsent-store';
import { lazyPage } from '../page/lazy-page';
import { ProblemPage } from '../page/problem-page';
import { useLoadAllPages, useNewRelease } from '../release/use-release';
import { Announcer } from './announcer';
import { Banner } from './banner';
import { CommandPalette } from './command-palette';
import { Sidebar } from './sidebar';
import { Splash } from './splash';
import { TopBar } from './top-bar';
import { useReachAgain } from './use-reach-again';
import { useSessionCheck } from './use-session-check';

const Toaster = lazyPage<'Toaster', { label: string }>(() => import('@/shell/ui/toaster'), 'Toaster');

/** Frame of all pages. Without a session: the sign-in page at the same address. */
export function Shell() {
  const { data: session, error } = useSessionQuery();
  useReachAgain();
  useSessionCheck(session?.actor);
  useEffect(() => {
    language.propose(session?.locale);
  }, [session]);

  if (session) return <SignedIn session={session} />;
  if (isProblem(error) && error.status === 401) return <SignInPage ended={error.code !== 'token-missing'} />;
  if (isProblem(error) && shownHere(error)) return <ProblemPage problem={error} />;
  return (
    <>
      <Banner />
      <Splash />
    </>
  );
}

function SignedIn({ session }: { session: Session }) {
  const t = useShellText();
  useLive(session.actor);
  useEffect(() => {
    forgetInputOfOthers(session);
    forgetAttemptsOfOthers(session.actor);
  }, [session]);
  useOneTargetPerDoubleClick();
  useLoadAllPages();
  useNewRelease();
  return (
    <SessionContext value={session}>
      <TooltipProvider delayDuration={250}>
        <a
          href="#content"
          className="fixed top-2 left-2 z-50 -translate-y-16 rounded-md bg-accent px-4 py-2 font-medium text-on-accent focus:translate-y-0"
        >
          {t.skip}
        </a>
        <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)] print:block">
          <Sidebar />
          <div className="flex min-w-0 flex-col">
            <TopBar />
            <Banner />
            <main
              id="content"
              tabIndex={-1}
              className="min-w-0 flex-1 px-4 pt-6 pb-16 outline-none sm:px-8 sm:pt-9"
            >
              <div className="page-width @container">
                <Outlet />
              </div>
            </main>
          </div>
        </div>
        <Announcer />
        <CommandPalette />
        <ActionDialogs />
        <DelayedActions />
        <SessionEndedDialog />
        <PersonChangedPage />
        <Toaster label={t.notifications} />
      </TooltipProvider>
    </SessionContext>
  );
}

/** Runs live updates while a person is signed in. */
function useLive(actor: string): void {
  const client = useQueryClient();
  const ended = useSessionEnd() !== null;
  useEffect(() => (ended ? undefined : connectLive(client, actor)), [client, actor, ended]);
}
