# Links the addon for macOS where that system is not. Node has the functions that are missing, and has loaded the system's C++ library.
string(REPLACE aarch64 arm64 ARCHITECTURE ${CMAKE_SYSTEM_PROCESSOR})
set(EXPORTS "-exported_symbol _napi_register_module_v1 -exported_symbol _node_api_module_get_api_version_v1")
set(SYSTEM_LIBRARY ${COREBUF_ZIG_LIBRARY}/libc/darwin/libSystem.11.tbd)
string(CONCAT CMAKE_CXX_CREATE_SHARED_LIBRARY "${COREBUF_LD64} -dylib -arch ${ARCHITECTURE} -platform_version macos ${COREBUF_MACOS} ${COREBUF_MACOS}"
  " -undefined dynamic_lookup ${EXPORTS} -install_name @rpath/corebuf.node -dead_strip -S -o <TARGET> <OBJECTS> <LINK_LIBRARIES> ${SYSTEM_LIBRARY}")
