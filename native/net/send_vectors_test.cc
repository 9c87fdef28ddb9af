#include "net/send_vectors.h"

#include <gtest/gtest.h>

#include "base/fuzz_test_support.h"
#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class send_vectors_test : public testing::Test {
 protected:
  std::string bytes_of_vectors(const iobuf& chain) {
    send_vectors front(chain);
    std::string text;
    for (const iovec& each : front.vectors()) text.append(static_cast<const char*>(each.iov_base), each.iov_len);
    EXPECT_EQ(text.size(), front.bytes());
    return text;
  }

  buffer_host host_;
  acting_as here_{host_->id()};
};

TEST_F(send_vectors_test, fragments_that_follow_each_other_in_memory_are_one_vector) {
  iobuf whole, parts;
  ASSERT_TRUE(whole.append(*host_, bytes_of(letters(300))));
  for (size_t at = 0; at < 300; at += 100) ASSERT_TRUE(whole.share(*host_, at, 100, parts));
  ASSERT_EQ(parts.fragment_count(), 3u);
  EXPECT_EQ(send_vectors(parts).vectors().size(), 1u);
  EXPECT_EQ(bytes_of_vectors(parts), letters(300));
  ASSERT_TRUE(whole.share(*host_, 0, 100, parts));
  EXPECT_EQ(send_vectors(parts).vectors().size(), 2u);
  EXPECT_EQ(bytes_of_vectors(parts), letters(300) + letters(100));
  parts.release(*host_);
  whole.release(*host_);
}

TEST_F(send_vectors_test, there_are_at_most_so_many_vectors_and_so_many_bytes) {
  iobuf whole, parts;
  ASSERT_TRUE(whole.append(*host_, bytes_of(letters(1000))));
  for (size_t part = 0; part < 2 * send_vectors_max; ++part) ASSERT_TRUE(whole.share(*host_, part, 1, parts));
  // Neighbours merge however many they are; every second byte does not.
  EXPECT_EQ(send_vectors(parts).bytes(), 2 * send_vectors_max);
  parts.release(*host_);
  for (size_t part = 0; part < send_vectors_max + 10; ++part) ASSERT_TRUE(whole.share(*host_, part * 2, 1, parts));
  EXPECT_EQ(send_vectors(parts).bytes(), send_vectors_max);
  parts.release(*host_);
  whole.release(*host_);

  iobuf large;
  ASSERT_TRUE(large.append(*host_, bytes_of(letters(send_bytes_max + 5000))));
  EXPECT_EQ(send_vectors(large).bytes(), send_bytes_max);
  EXPECT_EQ(bytes_of_vectors(large), letters(send_bytes_max));
  large.release(*host_);
}

TEST_F(send_vectors_test, any_chain_is_sent_by_taking_off_what_its_front_says) {
  auto random = seeded_random();
  for (int round = 0; round < 50; ++round) {
    iobuf source, chain;
    const std::string text = letters(200'000, round);
    ASSERT_TRUE(source.append(*host_, bytes_of(text)));
    std::string expected, sent;
    for (int part = 0; part < 400; ++part) {
      const size_t start = random() % 190'000, length = 1 + random() % 4000;
      ASSERT_TRUE(source.share(*host_, start, length, chain));
      expected += text.substr(start, length);
    }
    while (!chain.empty()) {
      const std::string front = bytes_of_vectors(chain);
      const size_t taken = 1 + random() % front.size();
      sent += front.substr(0, taken);
      chain.trim_front(*host_, taken);
    }
    EXPECT_EQ(sent, expected);
    source.release(*host_);
  }
  EXPECT_EQ(host_.live(), 0u);
}

}  // namespace
}  // namespace corebuf
