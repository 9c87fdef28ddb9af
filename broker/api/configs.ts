// DescribeConfigs, AlterConfigs and IncrementalAlterConfigs, of topics and of the broker.
import { errorCodes } from '../protocol/error-codes.js';
import type { Decoded } from '../protocol/layout.js';
import { alterConfigs as alterLayout, describeConfigs as layout, incrementalAlterConfigs as incrementalLayout } from '../protocol/layouts/topics.js';
import { configOf, configTypes, topicConfigs } from '../topics/topic-configs.js';
import { always, implement } from './api.js';
import type { Call } from './api.js';
import { repeatsIn } from './repeats.js';

type Described = Decoded<typeof layout.request>['resources'][number];
type Altered = Decoded<typeof incrementalLayout.request>['resources'][number];

const TOPIC = 2;
const BROKER = 4;
/** Where a value comes from, as clients know it. */
const source = { topic: 1, file: 4, preset: 5 } as const;
const operation = { set: 0, delete: 1 } as const;

export const describeConfigs = implement(layout, ({ resources, includeSynonyms, includeDocumentation }, call) => ({
  results: resources.map((resource) => ({ ...describe(resource, { includeSynonyms, includeDocumentation }, call), resourceName: resource.resourceName })),
}));

/** Parts of an answer that only some clients ask for. */
interface Included {
  readonly includeSynonyms: boolean;
  readonly includeDocumentation: boolean;
}

function describe({ resourceType, resourceName, configurationKeys }: Described, included: Included, { services }: Call) {
  const answer = { errorCode: errorCodes.NONE as number, errorMessage: null as string | null, resourceType };
  if (resourceType === TOPIC) {
    const topic = services.topics.byName(resourceName);
    if (topic !== undefined) return { ...answer, configs: configAnswers(topic.configs, configurationKeys, included) };
    return { ...answer, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `there is no topic '${resourceName}'`, configs: [] };
  }
  if (resourceType === BROKER && (resourceName === '' || resourceName === String(services.facts.nodeId))) {
    return { ...answer, configs: brokerConfigs(services, configurationKeys) };
  }
  const errorMessage = `only topics (2) and broker ${services.facts.nodeId} (4) have settings, not '${resourceName}' (${resourceType})`;
  return { ...answer, errorCode: errorCodes.INVALID_REQUEST, errorMessage, configs: [] };
}

/** The settings of a topic, those in `keys` or all, as DescribeConfigs and CreateTopics show them. */
export function configAnswers(configs: Readonly<Record<string, string>>, keys: readonly string[] | null, included?: Included) {
  return wantedNames(Object.keys(topicConfigs), keys).map((name) => {
    const isOwn = configs[name] !== undefined;
    const { type, documentation, preset } = topicConfigs[name]!;
    const presets = [{ name, value: preset, source: source.preset }];
    const synonyms = isOwn ? [{ name, value: configs[name]!, source: source.topic }, ...presets] : presets;
    return {
      name,
      value: configOf(configs, name),
      readOnly: false,
      configSource: isOwn ? source.topic : source.preset,
      isSensitive: false,
      synonyms: included?.includeSynonyms === true ? synonyms : [],
      configType: configTypes[type],
      documentation: included?.includeDocumentation === true ? documentation : null,
    };
  });
}

/** The names that were asked for, in that order; all when none is named. */
function wantedNames(known: readonly string[], keys: readonly string[] | null): readonly string[] {
  return keys === null || keys.length === 0 ? known : keys.filter((name) => known.includes(name));
}

function brokerConfigs({ facts }: Call['services'], keys: readonly string[] | null) {
  const values: Readonly<Record<string, string>> = {
    'broker.id': String(facts.nodeId),
    'auto.create.topics.enable': String(facts.autoCreateTopics),
    'num.partitions': String(facts.partitionsDefault),
    'default.replication.factor': '1',
    'offsets.topic.replication.factor': '1',
  };
  return wantedNames(Object.keys(values), keys).map((name) => ({
    name, value: values[name]!, readOnly: true, configSource: source.file, isSensitive: false, synonyms: [], configType: configTypes.string, documentation: null,
  }));
}

/** Replaces all settings of a topic. */
export const alterConfigs = implement(alterLayout, async ({ resources, validateOnly }, call) => ({
  responses: await alterAll(resources.map((resource) => ({ ...resource, configs: resource.configs.map(toSet) })), true, validateOnly, call),
}), always);

/** Sets and removes single settings of a topic. */
export const incrementalAlterConfigs = implement(incrementalLayout, async ({ resources, validateOnly }, call) => ({
  responses: await alterAll(resources, false, validateOnly, call),
}), always);

function toSet({ name, value }: { name: string; value: string | null }): Altered['configs'][number] {
  return { name, value, configOperation: operation.set };
}

function alterAll(resources: readonly Altered[], replacesAll: boolean, validateOnly: boolean, call: Call) {
  const keyOf = ({ resourceType, resourceName }: Altered): string => `${resourceType} ${resourceName}`;
  const repeats = repeatsIn(resources.map(keyOf));
  return Promise.all(resources.map(async (altered) => {
    const { resourceType, resourceName } = altered;
    const mistake = repeats.has(keyOf(altered)) ? `'${resourceName}' is in the request twice` : mistakeIn(altered);
    if (mistake !== undefined) return { errorCode: errorCodes.INVALID_REQUEST, errorMessage: mistake, resourceType, resourceName };
    return { ...(await alter(altered, replacesAll, validateOnly, call)), resourceType, resourceName };
  }));
}

async function alter({ resourceName, configs }: Altered, replacesAll: boolean, validateOnly: boolean, { services }: Call) {
  const topic = services.topics.byName(resourceName);
  if (topic === undefined) return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `there is no topic '${resourceName}'` };
  const entries = configs.map(({ name, value, configOperation }) => ({ name, value: configOperation === operation.delete ? null : value }));
  const { errorCode, errorMessage } = await services.admin.configureTopic(topic.id, { replacesAll, entries }, validateOnly);
  return { errorCode, errorMessage };
}

/** What is wrong with a change, whatever the settings of the topic are. */
function mistakeIn({ resourceType, configs }: Altered): string | undefined {
  const [repeated] = repeatsIn(configs.map(({ name }) => name));
  if (repeated !== undefined) return `the setting '${repeated}' is in the change twice`;
  // Appending to lists is of no use: the one list has one value that is allowed.
  const isKnown = configs.every(({ configOperation: of }) => of === operation.set || of === operation.delete);
  if (resourceType !== TOPIC || !isKnown) return 'settings of topics can be set and deleted; others cannot be changed';
  const empty = configs.find(({ configOperation, value }) => configOperation === operation.set && value === null);
  return empty === undefined ? undefined : `the setting '${empty.name}' must be set to a value`;
}
