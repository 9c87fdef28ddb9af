// Memory for attach() and for a group of two shards, as the arguments say. Prints the errors, and the budget of this thread.
import { join } from 'node:path';
import { attach, ShardGroup, thisShard } from 'corebuf';

async function main(): Promise<void> {
  const [, , memory, groupMemory] = process.argv;
  const errors: unknown[] = [];
  const tell = ({ code, message }: NodeJS.ErrnoException): void => void errors.push({ code, message });
  try {
    attach({ memory: memory! });
  } catch (error) {
    tell(error as Error);
  }
  const group = await ShardGroup.start(join(__dirname, '../workers/service.js'), { shards: 2, memory: groupMemory! }).catch(tell);
  await group?.close();
  console.log(JSON.stringify({ errors, budget: thisShard.memory.budget }));
}

void main();
