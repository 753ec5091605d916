interface QuestionProps {
  /** Code of the wait. */
  code: string | null | undefined;
  message: string | null;
}

/** Message of vCenter that requires a person: a question, or the name of an unreadable object. */
export function Question({ code, message }: QuestionProps) {
  if (code !== 'stalled-for-person' || !message) return null;
  return (
    <blockquote
      lang="en"
      className="border-l-2 border-wait-line pl-3.5 font-mono text-xs whitespace-pre-line"
    >
      {message}
    </blockquote>
  );
}
