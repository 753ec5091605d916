import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

// A machine that has other things to do takes longer.
configure({ asyncUtilTimeout: 5_000 });

afterEach(cleanup);
