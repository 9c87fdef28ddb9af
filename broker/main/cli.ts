// The program corebuf-broker: a broker until SIGINT or SIGTERM, either of which lets requests under way end first.
import { Broker } from './broker.js';
import { help, parseCommandLine, UsageError } from './command-line.js';

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === undefined) return void process.stdout.write(help);
  const broker = await Broker.start(options);
  console.log(`corebuf-broker listens on ${broker.address.host}:${broker.address.port}`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await broker.close();
}

main().catch((error: unknown) => {
  console.error(`corebuf-broker: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`);
  const isUsage = error instanceof UsageError || error instanceof TypeError || error instanceof RangeError;
  process.exitCode = isUsage ? 2 : 1;
});
