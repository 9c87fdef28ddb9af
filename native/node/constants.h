// The numbers that both languages must agree on, as the object `constants` of the module.
#pragma once

#include <napi.h>

namespace corebuf {

Napi::Object constants(Napi::Env env);

}  // namespace corebuf
