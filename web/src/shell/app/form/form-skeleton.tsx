import { Skeleton } from '@/shell/ui/skeleton';

/** Placeholder of a form whose data is loading. */
export function FormSkeleton({ fields }: { fields: number }) {
  return (
    <div aria-busy className="grid max-w-3xl gap-5 rounded-xl border border-line bg-surface p-5 sm:p-6">
      {Array.from({ length: fields }, (_, index) => (
        <div key={index} className="grid gap-2">
          <Skeleton className="w-32" />
          <Skeleton className="h-9" />
        </div>
      ))}
    </div>
  );
}
