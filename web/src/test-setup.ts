import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

// Loaded machines need more time.
configure({ asyncUtilTimeout: 5_000 });

afterEach(cleanup);
