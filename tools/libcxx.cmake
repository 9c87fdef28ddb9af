# The part of LLVM's C++ library that the addon and the tests need, from the sources that zig carries: where the system's C++ library is another
# one than that of the compiler, and no program brings ours. zig itself would build all of it, which takes minutes.
set(NAMES
  libcxx/src/chrono libcxx/src/condition_variable libcxx/src/condition_variable_destructor libcxx/src/exception libcxx/src/future
  libcxx/src/ios libcxx/src/ios.instantiations libcxx/src/locale libcxx/src/memory libcxx/src/mutex libcxx/src/mutex_destructor
  libcxx/src/new libcxx/src/stdexcept libcxx/src/string libcxx/src/system_error libcxx/src/thread
  libcxxabi/src/abort_message libcxxabi/src/cxa_default_handlers libcxxabi/src/cxa_exception libcxxabi/src/cxa_exception_storage
  libcxxabi/src/cxa_guard libcxxabi/src/cxa_handlers libcxxabi/src/cxa_personality libcxxabi/src/cxa_virtual
  libcxxabi/src/fallback_malloc libcxxabi/src/private_typeinfo libcxxabi/src/stdlib_exception libcxxabi/src/stdlib_stdexcept
  libcxxabi/src/stdlib_typeinfo)
if(COREBUF_TESTS)
  list(APPEND NAMES libcxx/src/algorithm libcxx/src/atomic libcxx/src/hash libcxx/src/iostream libcxx/src/random libcxx/src/vector)
endif()
list(TRANSFORM NAMES PREPEND ${COREBUF_ZIG_LIBRARY}/)
list(TRANSFORM NAMES APPEND .cpp)
add_library(cxx STATIC ${NAMES})
set_target_properties(cxx PROPERTIES UNITY_BUILD OFF)
target_include_directories(cxx PRIVATE ${COREBUF_ZIG_LIBRARY}/libcxx/src ${COREBUF_ZIG_LIBRARY}/libcxxabi/include)
target_compile_definitions(cxx PRIVATE NDEBUG _LIBCPP_BUILDING_LIBRARY _LIBCXXABI_BUILDING_LIBRARY LIBCXX_BUILDING_LIBCXXABI
  _LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS _LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS LIBCXXABI_NON_DEMANGLING_TERMINATE)
target_compile_options(cxx PRIVATE -w -Os -ffile-prefix-map=${COREBUF_ZIG_LIBRARY}/=)
# Only the unwinder is still zig's.
target_link_options(cxx INTERFACE -nostdlib++ -lunwind)
