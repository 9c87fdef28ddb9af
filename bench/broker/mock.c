// librdkafka's mock cluster in a process of its own: it keeps batches in memory and checks nothing, so that it is what a broker in C could reach.
// Prints its address, and for each line that it is sent its processor time in microseconds and its memory in bytes, as JSON.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void die(const char *what, const char *why) {
  fprintf(stderr, "mock: %s: %s\n", what, why);
  exit(1);
}

static long bytes_resident(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) die("/proc/self/statm", "cannot be read");
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static void print_figures(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  long long cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  printf("{\"cpu\":%lld,\"rss\":%ld}\n", cpu, bytes_resident());
  fflush(stdout);
}

int main(void) {
  char why[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof why) != RD_KAFKA_CONF_OK) die("test.mock.num.brokers", why);
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (client == NULL) die("librdkafka", why);
  const char *address = rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(client));
  printf("%s\n", address);
  fflush(stdout);
  for (int next = getchar(); next != EOF; next = getchar())
    if (next == '\n') print_figures();
  return 0;
}
