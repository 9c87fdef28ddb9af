// Topics that are not there: the error depends on whether the version of the request names them by name or by id.
import { fetch, produce } from '../../protocol/layouts/data';
import { offsetCommit } from '../../protocol/layouts/groups';
import { deleteTopics } from '../../protocol/layouts/topics';
import { startBroker } from '../clients/broker';
import { batchOf } from '../log/batches';
import { WireClient } from './wire-client';

const NO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';
const UNKNOWN = 'BAAAAAAAAAAAAAAAAAAAAA';
const NAMED = 3;
const BY_ID = 100;

let client: WireClient;
beforeAll(async () => {
  client = await WireClient.to(await startBroker());
});
afterAll(() => client.close());

const fields = { maxWaitMs: 0, minBytes: 0, forgottenTopicsData: [], rackId: '' };

test.each([
  [7, '', NAMED], [12, '', NAMED], [12, 'none', NAMED], [13, UNKNOWN, BY_ID], [13, NO_UUID, BY_ID],
])("Produce of version %i for '%s' is error %i", async (version, topic, errorCode) => {
  const topicData = [{ name: topic, topicId: topic, partitionData: [{ index: 0, records: batchOf({ values: ['v'] }) }] }];
  const { responses } = await client.call(produce, version, { acks: -1, timeoutMs: 1000, topicData });
  expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(errorCode);
});

test.each([
  [4, '', NAMED], [12, '', NAMED], [12, 'none', NAMED], [13, UNKNOWN, BY_ID], [13, NO_UUID, BY_ID],
])("Fetch of version %i for '%s' is error %i", async (version, topic, errorCode) => {
  const topics = [{ topic, topicId: topic, partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1000 }] }];
  const { responses } = await client.call(fetch, version, { ...fields, topics });
  expect(responses[0]!.partitions[0]!.errorCode).toBe(errorCode);
});

test.each([
  [7, '', NAMED], [9, 'none', NAMED], [10, UNKNOWN, BY_ID], [10, NO_UUID, BY_ID],
])("OffsetCommit of version %i for '%s' is error %i", async (version, topic, errorCode) => {
  const topics = [{ name: topic, topicId: topic, partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: '' }] }];
  const answer = await client.call(offsetCommit, version, { groupId: 'group', generationIdOrMemberEpoch: -1, memberId: '', topics });
  expect(answer.topics[0]!.partitions[0]!.errorCode).toBe(errorCode);
});

test.each([
  [1, '', NO_UUID, NAMED], [5, 'none', NO_UUID, NAMED], [6, '', NO_UUID, NAMED], [6, null, UNKNOWN, BY_ID],
])("DeleteTopics of version %i for the name '%s' and the id %s is error %i", async (version, name, topicId, errorCode) => {
  const { responses } = await client.call(deleteTopics, version, { topics: [{ name, topicId }], topicNames: [name ?? ''], timeoutMs: 1000 });
  expect(responses[0]!.errorCode).toBe(errorCode);
});
