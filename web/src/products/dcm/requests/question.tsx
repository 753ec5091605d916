interface QuestionProps {
  /** Of what the row waits for. */
  code: string | null | undefined;
  message: string | null;
}

/** What vCenter says where a person has to act, in its own words: the question, or which object cannot be read. */
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
