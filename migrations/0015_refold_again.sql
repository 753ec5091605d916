-- When a view is folded once more after the folding that it waits for: for somebody who was erased meanwhile, and whose key some host may
-- remember by then. The first folding is never put off, so that one erasure after the other cannot keep the first person's rows.
alter table eaf.checkpoint add column refold_again_at timestamptz;
