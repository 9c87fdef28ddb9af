// Checked mode, in processes of their own: once by the variable, once by the option.
import { expectWell } from '../support/program';

describe.each([
  ['COREBUF_CHECKED=1', '1', ''],
  ['attach({ checked: true })', '', 'option'],
])('with %s', (_, variable, option) => {
  const env = { COREBUF_CHECKED: variable, COREBUF_COPY_VIEWS: '' };
  const judge = (name: string, which: string): void => test(name, () => expectWell('checked-views', { args: [which, option], env }));

  judge('every view of what was released has length 0', 'release');
  judge('views go along when a chain is taken, and end with the target', 'take');
  judge('trimFront ends the views of fragments that lost bytes, and no others', 'trimFront');
  judge('trimBack ends the views of fragments that lost bytes, and no others', 'trimBack');
  judge('clear and clearAsync end all views at once', 'clear');
  judge('takeFront takes the views of its bytes along', 'takeFront');
  judge('views end when their bytes are sent to another shard, also when the call waits its turn', 'send');
  judge('released bytes are poisoned, but not while somebody refers to them', 'poison');
  judge('a fragment has one ArrayBuffer, which shows no neighbours', 'oneBuffer');
  judge('views from before and after an append show what was there, and end together', 'growing');
  judge('views move with their bytes when something is prepended', 'prepend');
  judge('coalescing ends the views of the fragments there were', 'coalesce');
  judge('a placeholder’s bytes end with the chain', 'placeholder');
  judge('releasing one of two references ends its views and not the other’s', 'oneOfTwo');
});
