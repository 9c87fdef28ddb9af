// Load on a broker that speaks the Kafka API, with Debian's librdkafka. Prints one JSON object: payload bytes, records, seconds, seconds of its
// own processor time, and latencies in microseconds where each record is waited for.
//   load produce HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS BYTES           until one of the two is reached
//   load single  HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS CONNECTIONS     one record per request, each waited for
//   load consume HOST:PORT TOPIC PARTITIONS BYTES CONSUMERS TIMES                     each from the beginning, all of the topic's payload bytes
//   load echo    HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS                 sent, acknowledged and received, one at a time
//   load paced   HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS PER_SECOND      sent at this rate, and received: from when each was due
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

static const char *broker, *topic;
static int partitions;
static rd_kafka_t *producer, *receiver;
static size_t record_bytes, records_acknowledged, records_due, bytes_each, times_each, bytes_consumed;
static double duration_us, until_us, interval_us;

static void die(const char *what, const char *why) {
  fprintf(stderr, "load: %s: %s\n", what, why);
  exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char why[256];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) die(name, why);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  if (message->err) die("a record was not acknowledged", rd_kafka_err2str(message->err));
  __atomic_add_fetch(&records_acknowledged, 1, __ATOMIC_RELAXED);
  if (message->_private != NULL) *(bool *)message->_private = true;
}

/// A producer waits so long for more records, a Fetch for the first one.
static rd_kafka_t *client_of(rd_kafka_type_t type, const char *wait_ms) {
  char why[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", broker), set(conf, "socket.nagle.disable", "true");
  if (type == RD_KAFKA_PRODUCER) {
    set(conf, "acks", "-1"), set(conf, "linger.ms", wait_ms), set(conf, "batch.size", "262144"), set(conf, "batch.num.messages", "100000");
    set(conf, "queue.buffering.max.messages", "200000"), set(conf, "queue.buffering.max.kbytes", "65536");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  } else {
    set(conf, "group.id", "load"), set(conf, "enable.auto.commit", "false"), set(conf, "fetch.wait.max.ms", wait_ms);
  }
  rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
  if (client == NULL) die("librdkafka", why);
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client);
  return client;
}

/// Waits for room when the queue is full.
static void produce(rd_kafka_t *client, const char *record, int partition, bool *acknowledged) {
  rd_kafka_resp_err_t err;
  while ((err = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_VALUE((void *)record, record_bytes), RD_KAFKA_V_OPAQUE(acknowledged), RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    rd_kafka_poll(client, 10);
  }
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) die("produce", rd_kafka_err2str(err));
}

static void produce_and_wait(rd_kafka_t *client, const char *record, int partition) {
  bool acknowledged = false;
  produce(client, record, partition, &acknowledged);
  while (!acknowledged) rd_kafka_poll(client, 1000);
}

static void produce_many(size_t bytes_max) {
  char *record = calloc(1, record_bytes);
  rd_kafka_t *client = client_of(RD_KAFKA_PRODUCER, "5");
  for (size_t at = 0; now_us() < until_us && at * record_bytes < bytes_max; at++) {
    produce(client, record, (int)(at % partitions), NULL);
    rd_kafka_poll(client, 0);
  }
  rd_kafka_flush(client, 60000);
  rd_kafka_destroy(client);
}

static void *produce_singly(void *number) {
  int partition = (int)((size_t)number % partitions);
  char *record = calloc(1, record_bytes);
  rd_kafka_t *client = client_of(RD_KAFKA_PRODUCER, "0");
  produce_and_wait(client, record, partition);
  while (now_us() < until_us) {
    double start = now_us();
    produce_and_wait(client, record, partition);
    add_sample(now_us() - start);
  }
  rd_kafka_destroy(client);
  return NULL;
}

static void run_threads(int count, void *(*job)(void *number)) {
  pthread_t threads[count];
  for (int at = 0; at < count; at++) pthread_create(&threads[at], NULL, job, (void *)(size_t)at);
  for (int at = 0; at < count; at++) pthread_join(threads[at], NULL);
}

/// From the beginning, or from the present end.
static void read_from(rd_kafka_t *client, bool beginning) {
  rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(partitions);
  for (int at = 0; at < partitions; at++) {
    int64_t low = 0, high = 0;
    if (rd_kafka_query_watermark_offsets(client, topic, at, &low, &high, 30000) != RD_KAFKA_RESP_ERR_NO_ERROR) die("no offsets of", topic);
    rd_kafka_topic_partition_list_add(all, topic, at)->offset = beginning ? low : high;
  }
  rd_kafka_assign(client, all);
  rd_kafka_topic_partition_list_destroy(all);
}

static size_t consume_one(rd_kafka_t *client, int timeout_ms) {
  rd_kafka_message_t *message = rd_kafka_consumer_poll(client, timeout_ms);
  if (message == NULL) return 0;
  if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) die("consume", rd_kafka_message_errstr(message));
  size_t bytes = message->err ? 0 : message->len;
  if (interval_us > 0 && bytes != 0) add_sample(now_us() - *(const double *)message->payload);
  rd_kafka_message_destroy(message);
  return bytes;
}

static void *consume(void *number) {
  (void)number;
  rd_kafka_t *client = client_of(RD_KAFKA_CONSUMER, "1");
  for (size_t at = 0, got; at < times_each; at++) {
    read_from(client, true);
    for (got = 0; got < bytes_each;) got += consume_one(client, 1000);
    __atomic_add_fetch(&bytes_consumed, got, __ATOMIC_RELAXED);
  }
  rd_kafka_destroy(client);
  return NULL;
}

/// A producer that is connected to all partitions, and a consumer at their ends.
static void open_both(char *record) {
  producer = client_of(RD_KAFKA_PRODUCER, "0");
  for (int at = 0; at < partitions; at++) produce_and_wait(producer, record, at);
  receiver = client_of(RD_KAFKA_CONSUMER, "100");
  read_from(receiver, false);
  until_us = now_us() + duration_us;
}

static void echo(char *record) {
  open_both(record);
  for (int at = 0; now_us() < until_us; at++) {
    double start = now_us();
    produce(producer, record, at % partitions, NULL);
    while (consume_one(receiver, 1000) == 0) rd_kafka_poll(producer, 0);
    if (at > 0) add_sample(now_us() - start);  // The first one waits for connections, too.
    rd_kafka_poll(producer, 0);
  }
  rd_kafka_flush(producer, 10000);
}

/// A record holds the moment at which it was due: one that could not be sent in time is late.
static void *produce_at_rate(void *record) {
  double due = now_us();
  for (size_t at = 0; at < records_due; at++, due += interval_us) {
    struct timespec moment = {(time_t)(due / 1e6), (long)(due * 1e3) % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
    memcpy(record, &due, sizeof due);
    produce(producer, record, (int)(at % partitions), NULL);
    rd_kafka_poll(producer, 0);
  }
  rd_kafka_flush(producer, 10000);
  return NULL;
}

static void pace(char *record, double per_second) {
  pthread_t sender;
  open_both(record);
  interval_us = 1e6 / per_second, records_due = duration_us / interval_us;
  pthread_create(&sender, NULL, produce_at_rate, record);
  while (samples_used < records_due && now_us() < until_us + 10e6) consume_one(receiver, 100);
  pthread_join(sender, NULL);
}

int main(int count, char **args) {
  if (count < 6) die("usage", "see the head of load.c");
  const char *job = args[1];
  broker = args[2], topic = args[3], partitions = atoi(args[4]), record_bytes = strtoul(args[5], NULL, 10);
  double start = now_us();
  duration_us = count > 6 ? atof(args[6]) * 1e3 : 0, until_us = start + duration_us;
  if (strcmp(job, "produce") == 0 && count > 7) produce_many(strtoul(args[7], NULL, 10));
  else if (strcmp(job, "single") == 0 && count > 7) run_threads(atoi(args[7]), produce_singly);
  else if (strcmp(job, "echo") == 0 && count > 6) echo(calloc(1, record_bytes));
  else if (strcmp(job, "paced") == 0 && count > 7 && record_bytes >= sizeof(double)) pace(calloc(1, record_bytes), atof(args[7]));
  else if (strcmp(job, "consume") == 0 && count > 7) bytes_each = record_bytes, times_each = atoi(args[7]), run_threads(atoi(args[6]), consume);
  else die("unknown job or missing arguments", job);
  sort_samples();
  printf("{\"bytes\":%zu,\"records\":%zu,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f}\n",
      bytes_consumed == 0 ? records_acknowledged * record_bytes : bytes_consumed, records_acknowledged, (now_us() - start) / 1e6, (double)clock() / CLOCKS_PER_SEC,
      quantile(0.5), quantile(0.99), quantile(0.999));
  return 0;
}
