#include "turn/file_table.h"

#include <cstring>
#include <utility>

#include "io/fault_engine.h"
#include "io/io_scheduler.h"
#include "turn/batch_callback.h"
#include "turn/event_loop.h"
#include "turn/exchange.h"
#include "turn/records.h"

namespace corebuf {

namespace {

constexpr size_t records_max = exchange::size / sizeof(completion_record);

size_t index_of(const io_engine& engine) { return std::strcmp(engine.name(), "io_uring") == 0 ? 0 : 1; }

}  // namespace

result<io_engine*> file_table::engine(event_loop& loop, engine_kind kind) {
  if (injecting_) return faulty_engine(loop, kind);
  if (kind == engine_kind::automatic && automatic_ != nullptr) return automatic_;
  if (kind != engine_kind::automatic) {
    const auto& existing = engines_[kind == engine_kind::io_uring ? 0 : 1];
    if (existing) return existing.get();
  }
  auto opened = open_engine(kind);
  if (!opened) return opened.failure();
  const size_t index = index_of(*opened.value());
  const auto kept = keep(loop, index, std::move(opened.value()));
  if (kept && kind == engine_kind::automatic) automatic_ = kept.value();
  return kept;
}

/// Keeps `opened`, unless there is an engine of its kind already: then returns that one.
result<io_engine*> file_table::keep(event_loop& loop, size_t index, std::unique_ptr<io_engine> opened) {
  auto& kept = engines_[index];
  if (kept) return kept.get();
  if (!loop.watch(index, opened->wake_fd())) return error_code::out_of_memory;
  kept = std::make_unique<io_scheduler>(std::move(opened), classes_);
  return kept.get();
}

result<io_engine*> file_table::faulty_engine(event_loop& loop, engine_kind kind) {
  auto inner = open_engine(kind);
  if (!inner) return inner.failure();
  const size_t index = kinds + index_of(*inner.value());
  if (engines_[index]) return engines_[index].get();
  auto faulty = fault_engine::open(std::move(inner.value()), [plan = faults_.get()](const io_request& request) {
    return plan->decide(request);
  });
  if (!faulty) return faulty.failure();
  return keep(loop, index, std::move(faulty.value()));
}

uint32_t file_table::inject(uint32_t seed, std::vector<fault_rule> rules) {
  if (!faults_) faults_ = std::make_unique<fault_plan>();
  const uint32_t hits = faults_->hits();
  injecting_ = !rules.empty();
  faults_->set(seed, std::move(rules));
  return hits;
}

result<uint32_t> file_table::open(event_loop& loop, int fd, engine_kind kind, bool direct) {
  const auto engine_found = engine(loop, kind);
  if (!engine_found) return engine_found.failure();
  auto adopted = dma_file::adopt(fd, direct);
  if (!adopted) return adopted.failure();
  auto opened = std::make_unique<open_file>();
  opened->file = std::move(adopted.value());
  opened->engine = engine_found.value();
  if (numbers_free_.empty()) {
    files_.push_back(std::move(opened));
    return static_cast<uint32_t>(files_.size() - 1);
  }
  const uint32_t number = numbers_free_.back();
  numbers_free_.pop_back();
  files_[number] = std::move(opened);
  return number;
}

void file_table::close(uint32_t number) {
  ASSERT(files_[number]->in_flight == 0);
  files_[number].reset();
  numbers_free_.push_back(number);
}

void file_table::start(event_loop& loop, uint32_t file, file_operation* started, uint32_t number) {
  open_file& of = *files_[file];
  started->number = number;
  started->file = file;
  ++of.in_flight;
  loop.hold();
  started->start(
      *of.engine, [](file_operation& done) { static_cast<file_table*>(done.context())->completed(done); }, this);
}

void file_table::completed(file_operation& done) {
  --files_[done.file]->in_flight;
  completed_.push_back(&done);
}

bool file_table::few_in_flight() const {
  size_t in_flight = 0;
  for (const auto& engine : engines_) {
    if (engine) in_flight += engine->stats().in_flight;
  }
  return in_flight > 0 && in_flight <= few_max;
}

void file_table::flush() {
  for (const auto& engine : engines_) {
    if (engine && !engine->idle()) engine->flush();
  }
}

bool file_table::reap(uint32_t readable) {
  for (size_t index = 0; index < engines_.size(); ++index) {
    if ((readable >> index & 1) != 0) engines_[index]->reap(reaped_per_turn);
  }
  return !completed_.empty();
}

void file_table::deliver(const exchange& area, event_loop& loop, const batch_callback& callback) {
  while (!completed_.empty()) {
    batch_.clear();
    while (!completed_.empty() && batch_.size() < records_max) {
      file_operation* done = completed_.pop_front();
      const completion_record described = {static_cast<double>(done->number), static_cast<double>(done->result_or_errno())};
      std::memcpy(area.incoming + batch_.size() * sizeof described, &described, sizeof described);
      batch_.push_back(done);
    }
    callback.call(static_cast<uint32_t>(batch_.size()), [&] {
      for (file_operation* done : batch_) {
        done->end();
        loop.let_go();
      }
      batch_.clear();  // JavaScript goes on in microtasks after this, and must find no operation.
    });
  }
  batch_.clear();
}

iobuf file_table::claim(size_t ordinal) {
  file_operation* done = batch_[ordinal];
  iobuf claimed;
  claimed.take(done->home(), done->data());
  return claimed;
}

io_stats file_table::stats() const {
  io_stats sum;
  for (const auto& engine : engines_) {
    if (!engine) continue;
    const io_stats& one = engine->stats();
    sum.reads += one.reads;
    sum.writes += one.writes;
    sum.syncs += one.syncs;
    sum.bytes_read += one.bytes_read;
    sum.bytes_written += one.bytes_written;
    sum.submits += one.submits;
    sum.in_flight += one.in_flight;
  }
  return sum;
}

const char* file_table::engine_name() const {
  if (automatic_ != nullptr) return automatic_->name();
  for (const auto& engine : engines_) {
    if (engine) return engine->name();
  }
  return "none";
}

void file_table::shut() {
  for (const auto& engine : engines_) {
    if (engine) engine->drain();
  }
  while (file_operation* done = completed_.pop_front()) done->end();
  files_.clear();
  numbers_free_.clear();
  automatic_ = nullptr;
  for (auto& engine : engines_) engine.reset();
}

}  // namespace corebuf
