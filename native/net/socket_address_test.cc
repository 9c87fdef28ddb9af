#include "net/socket_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>

namespace corebuf {
namespace {

TEST(socket_address, an_ip_address_reads_back_as_it_was_written) {
  const auto four = socket_address::ip("127.0.0.1", 8080);
  ASSERT_TRUE(four.ok());
  EXPECT_EQ(four.value().family(), AF_INET);
  EXPECT_EQ(four.value().host(), "127.0.0.1");
  EXPECT_EQ(four.value().port(), 8080);
  EXPECT_EQ(four.value().path(), "");
  const auto six = socket_address::ip("2001:db8::0:1", 65535);
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six.value().family(), AF_INET6);
  EXPECT_EQ(six.value().host(), "2001:db8::1");
  EXPECT_EQ(six.value().port(), 65535);
}

TEST(socket_address, names_and_other_text_are_no_addresses) {
  for (const char* text : {"localhost", "", "256.0.0.1", "::g", "1.2.3.4:80", "fe80::1%nosuchzone"}) {
    const auto refused = socket_address::ip(text, 1);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.failure().os_errno, EINVAL) << text;
  }
}

TEST(socket_address, a_unix_path_may_be_as_long_as_the_kernel_takes) {
  constexpr size_t room = sizeof(sockaddr_un::sun_path);
  const std::string longest(room - 1, 'p');
  ASSERT_TRUE(socket_address::unix_path(longest).ok());
  EXPECT_EQ(socket_address::unix_path(longest).value().path(), longest);
  EXPECT_EQ(socket_address::unix_path(longest + "p").failure().os_errno, ENAMETOOLONG);
}

TEST(socket_address, an_abstract_name_begins_with_a_zero_byte_and_has_a_length) {
  const std::string name("\0name", 5);
  const auto made = socket_address::unix_path(name);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made.value().path(), name);
  EXPECT_EQ(made.value().length(), offsetof(sockaddr_un, sun_path) + name.size());
}

TEST(socket_address, an_empty_path_and_one_with_a_zero_byte_in_it_are_refused) {
  EXPECT_EQ(socket_address::unix_path("").failure().os_errno, EINVAL);
  EXPECT_EQ(socket_address::unix_path(std::string("a\0b", 3)).failure().os_errno, EINVAL);
}

}  // namespace
}  // namespace corebuf
