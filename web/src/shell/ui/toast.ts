interface Message {
  tone: 'success' | 'error' | 'neutral';
  text: string;
}

let show: ((message: Message) => void) | null = null;
const early: Message[] = [];

function give(message: Message): void {
  if (show) show(message);
  else early.push(message);
}

/**
 * Shows a short message over the page. The toaster is loaded after the page, and shows earlier
 * messages then.
 */
export const toast = {
  success: (text: string) => give({ tone: 'success', text }),
  error: (text: string) => give({ tone: 'error', text }),
  neutral: (text: string) => give({ tone: 'neutral', text }),
};

/** Gives all messages to `shower`, until the returned function is called. */
export function showToastsBy(shower: (message: Message) => void): () => void {
  show = shower;
  for (const message of early.splice(0)) shower(message);
  return () => {
    show = null;
  };
}
