import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { closeAllDialogs, closeDialog, useOpenDialogs } from './open-dialogs';

/** Dialogs of row actions, rendered outside of the rows, so that input outlives the row. */
export function ActionDialogs() {
  const path = useLocation({ select: location => location.pathname });
  useEffect(() => closeAllDialogs, [path]);
  const [first] = useOpenDialogs();
  if (!first) return null;
  const { id, Dialog } = first;
  return <Dialog key={id} close={() => closeDialog(id)} />;
}
