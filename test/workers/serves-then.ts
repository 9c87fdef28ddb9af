import { serve } from 'corebuf';

serve({ then: (resolve: () => void) => resolve(), echo: (value: unknown) => value });
