// Entries: the functions that JavaScript calls. The parameters of an entry say which arguments it takes. All of them are converted and
// checked before the entry runs, and a call that does not fit throws a TypeError. So no argument that JavaScript passes meets an ASSERT.
//
//   napi_value trim_front(const attached_call& call, handle_slot slot, uint64_t length)      entry<"trimFront", trim_front>
#pragma once

#include <node_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "node/bindings.h"
#include "node/environment.h"
#include "node/parameter.h"

namespace corebuf {

/// The name of an entry, as a template argument.
template <size_t Size>
struct entry_name {
  consteval entry_name(const char (&name)[Size]) { std::copy_n(name, Size, text); }  // NOLINT(google-explicit-constructor)
  char text[Size];
};

/// One call of an entry, in any thread that has loaded the addon.
class entry_call {
 public:
  entry_call(napi_env env, environment& here, const char* name) : env(env), here(here), name_(name) {}

  /// Throws a RangeError that says why this call is refused. The entry returns the result, and has changed nothing.
  napi_value refuse(const char* why) const;
  /// Throws a TypeError: the argument is not what is expected.
  napi_value refuse_argument(size_t index, const char* expected) const;
  napi_value refuse_without_shard() const;

  /// Keeps a value alive for the life of the thread, because C++ goes on using its memory.
  void keep(napi_value value) const;

  const napi_env env;
  environment& here;

 private:
  const char* const name_;
};

/// One call of an entry that uses the shard of this thread; without a shard the call throws an Error.
class attached_call : public entry_call {
 public:
  using entry_call::entry_call;

  shard& home() const { return here.home(); }
  handle_table& handles() const { return here.turn.handles; }
  file_table& files() const { return here.turn.files; }
};

template <entry_name Name, auto Function>
struct entry_of;

template <entry_name Name, typename Call, typename... Parameters, napi_value (*Function)(const Call&, Parameters...)>
struct entry_of<Name, Function> {
  static napi_value run(napi_env env, napi_callback_info info) {
    napi_value values[sizeof...(Parameters) + 1];
    size_t count = sizeof...(Parameters);
    void* data = nullptr;
    ASSERT(napi_get_cb_info(env, info, &count, values, nullptr, &data) == napi_ok);  // Missing arguments are undefined.
    environment& here = *static_cast<environment*>(data);
    const Call call(env, here, Name.text);
    if constexpr (std::is_same_v<Call, attached_call>) {
      if (!here.attached()) return call.refuse_without_shard();
    }
#ifdef COREBUF_DEBUG
    here.turn.act();  // For ASSERT_HOME alone.
#endif
    return checked(call, values, std::index_sequence_for<Parameters...>{});
  }

 private:
  template <size_t... Index>
  static napi_value checked(const Call& call, [[maybe_unused]] const napi_value* values, std::index_sequence<Index...>) {
    std::tuple<parameter<Parameters>...> read;
    size_t index = 0;
    const char* expected = nullptr;
    const bool fits =
        ((index = Index, expected = parameter<Parameters>::expected, std::get<Index>(read).read(call.env, call.here, values[Index])) && ...);
    if (!fits) return call.refuse_argument(index, expected);
    return Function(call, std::get<Index>(read).value...);
  }
};

template <entry_name Name, auto Function>
constexpr bound_function entry = {Name.text, entry_of<Name, Function>::run};

}  // namespace corebuf
