// Load on a broker that speaks the Kafka API, with Debian's librdkafka. Prints one JSON object: payload bytes, records, seconds, seconds of its
// own processor time, and latencies in microseconds where each record is waited for.
//   load produce HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS BYTES           until one of the two is reached
//   load single  HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS CONNECTIONS     one record per request, each waited for
//   load consume HOST:PORT TOPIC PARTITIONS BYTES PASSES                              from the beginning, so many payload bytes, so often
//   load echo    HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS                 sent, acknowledged and received, one at a time
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES_MAX 1000000

static const char *broker, *topic;
static int partitions;
static size_t record_bytes;
static double duration_us, until_us;
static double samples[SAMPLES_MAX];
static size_t samples_used;
static pthread_mutex_t samples_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t records_acknowledged;

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void die(const char *what, const char *why) {
  fprintf(stderr, "load: %s: %s\n", what, why);
  exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char why[256];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) die(name, why);
}

static void add_sample(double us) {
  pthread_mutex_lock(&samples_lock);
  if (samples_used < SAMPLES_MAX) samples[samples_used++] = us;
  pthread_mutex_unlock(&samples_lock);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  if (message->err) die("a record was not acknowledged", rd_kafka_err2str(message->err));
  __atomic_add_fetch(&records_acknowledged, 1, __ATOMIC_RELAXED);
  if (message->_private != NULL) *(bool *)message->_private = true;
}

static rd_kafka_t *client_of(rd_kafka_type_t type, const char *linger_ms) {
  char why[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", broker);
  set(conf, "socket.nagle.disable", "true");
  if (type == RD_KAFKA_PRODUCER) {
    set(conf, "acks", "-1");
    set(conf, "linger.ms", linger_ms);
    set(conf, "batch.size", "262144");
    set(conf, "batch.num.messages", "100000");
    set(conf, "queue.buffering.max.messages", "200000");
    set(conf, "queue.buffering.max.kbytes", "65536");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  } else {
    set(conf, "group.id", "load");
    set(conf, "enable.auto.commit", "false");
    set(conf, "fetch.wait.max.ms", "100");
  }
  rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
  if (client == NULL) die("librdkafka", why);
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client);
  return client;
}

/// Waits for room when the queue is full.
static void produce(rd_kafka_t *client, const char *record, int partition, bool *acknowledged) {
  for (;;) {
    rd_kafka_resp_err_t err = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE((void *)record, record_bytes), RD_KAFKA_V_OPAQUE(acknowledged), RD_KAFKA_V_END);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) die("produce", rd_kafka_err2str(err));
    rd_kafka_poll(client, 10);
  }
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

static void *produce_singly(void *partition) {
  char *record = calloc(1, record_bytes);
  rd_kafka_t *client = client_of(RD_KAFKA_PRODUCER, "0");
  produce_and_wait(client, record, (int)(size_t)partition);
  while (now_us() < until_us) {
    double start = now_us();
    produce_and_wait(client, record, (int)(size_t)partition);
    add_sample(now_us() - start);
  }
  rd_kafka_destroy(client);
  return NULL;
}

static void produce_on_connections(int connections) {
  pthread_t *threads = calloc(connections, sizeof *threads);
  for (int at = 0; at < connections; at++) pthread_create(&threads[at], NULL, produce_singly, (void *)(size_t)(at % partitions));
  for (int at = 0; at < connections; at++) pthread_join(threads[at], NULL);
}

/// From the beginning, or from the present end.
static void read_from(rd_kafka_t *client, bool beginning) {
  rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(partitions);
  for (int at = 0; at < partitions; at++) {
    int64_t low = 0, high = 0;
    rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(client, topic, at, &low, &high, 30000);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) die("offsets", rd_kafka_err2str(err));
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
  rd_kafka_message_destroy(message);
  return bytes;
}

static size_t consume(size_t bytes, int passes) {
  rd_kafka_t *client = client_of(RD_KAFKA_CONSUMER, "0");
  size_t all = 0;
  for (int pass = 1; pass <= passes; pass++) {
    read_from(client, true);
    while (all < bytes * pass) all += consume_one(client, 1000);
  }
  rd_kafka_destroy(client);
  return all;
}

static void echo(void) {
  char *record = calloc(1, record_bytes);
  rd_kafka_t *producer = client_of(RD_KAFKA_PRODUCER, "0");
  for (int at = 0; at < partitions; at++) produce_and_wait(producer, record, at);  // Creates the topic.
  rd_kafka_t *receiver = client_of(RD_KAFKA_CONSUMER, "0");
  read_from(receiver, false);
  until_us = now_us() + duration_us;
  for (int at = 0; now_us() < until_us; at++) {
    double start = now_us();
    produce(producer, record, at % partitions, NULL);
    while (consume_one(receiver, 1000) == 0) rd_kafka_poll(producer, 0);
    if (at > 0) add_sample(now_us() - start);  // The first one waits for connections, too.
    rd_kafka_poll(producer, 0);
  }
  rd_kafka_flush(producer, 10000);
  rd_kafka_destroy(producer);
  rd_kafka_destroy(receiver);
}

static int by_value(const void *one, const void *other) { return *(const double *)one < *(const double *)other ? -1 : 1; }

static double quantile(double part) { return samples_used == 0 ? 0 : samples[(size_t)((samples_used - 1) * part)]; }

int main(int count, char **args) {
  if (count < 6) die("usage", "see the head of load.c");
  const char *job = args[1];
  broker = args[2], topic = args[3], partitions = atoi(args[4]), record_bytes = strtoul(args[5], NULL, 10);
  size_t bytes = 0;
  double start = now_us();
  duration_us = count > 6 ? atof(args[6]) * 1e3 : 0, until_us = start + duration_us;
  if (strcmp(job, "produce") == 0 && count > 7) produce_many(strtoul(args[7], NULL, 10));
  else if (strcmp(job, "single") == 0 && count > 7) produce_on_connections(atoi(args[7]));
  else if (strcmp(job, "echo") == 0 && count > 6) echo();
  else if (strcmp(job, "consume") == 0 && count > 6) bytes = consume(strtoul(args[5], NULL, 10), atoi(args[6]));
  else die("unknown job or missing arguments", job);
  double seconds = (now_us() - start) / 1e6;
  if (bytes == 0) bytes = records_acknowledged * record_bytes;
  qsort(samples, samples_used, sizeof *samples, by_value);
  printf("{\"bytes\":%zu,\"records\":%zu,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f}\n", bytes,
      records_acknowledged, seconds, (double)clock() / CLOCKS_PER_SEC, quantile(0.5), quantile(0.99), quantile(0.999));
  return 0;
}
