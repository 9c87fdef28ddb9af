# node-gyp's way to the same addon, for machines without CMake. CMakeLists.txt explains each flag.
{
  "includes": ["native/sources.gypi"],
  "targets": [{
    "target_name": "corebuf",
    "sources": ["<@(core_files)", "<@(node_files)"],
    "conditions": [
      ["OS=='linux'", {"sources": ["<@(linux_files)"]}],
      ["OS=='mac'", {"sources": ["<@(darwin_files)"]}],
      ["OS!='linux' and OS!='mac'", {"sources": ["<@(posix_files)"]}]
    ],
    "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
    "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
    # One file catches (native/base/background_thread.cc), and gyp knows no flags of single files.
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++14", "-fno-exceptions"],
    "cflags_cc": [
      "-std=c++20", "-fexceptions", "-fno-rtti", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
      "-Wall", "-Wextra", "-ffile-prefix-map=<(module_root_dir)/=", "-fstack-protector-strong", "-U_FORTIFY_SOURCE",
      "-D_FORTIFY_SOURCE=2"
    ],
    "ldflags": [
      "-Wl,-z,nodelete", "-Wl,-z,now", "-Wl,-z,relro", "-Wl,--version-script=<(module_root_dir)/native/node/exports.map"
    ]
  }]
}
