// All layouts, by the keys of their APIs.
import type { ApiLayout } from '../layout.js';
import * as cluster from './cluster.js';
import * as data from './data.js';
import * as groupAdmin from './group-admin.js';
import * as groups from './groups.js';
import * as security from './security.js';
import * as telemetry from './telemetry.js';
import * as topics from './topics.js';
import * as transactions from './transactions.js';

const files: Record<string, ApiLayout>[] = [data, cluster, groups, groupAdmin, topics, security, transactions, telemetry];
const all = files.flatMap((file) => Object.values(file));

export const layouts: ReadonlyMap<number, ApiLayout> = new Map(all.map((layout) => [layout.key, layout]));
