import { serve } from 'corebuf';

serve({ text: 'no method' });
