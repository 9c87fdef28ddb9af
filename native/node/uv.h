// The functions of libuv v1 that this layer calls, declared by hand, because node-api-headers have no uv.h.
// Handles are allocated by uv_handle_size(), so one binary runs on every Node with libuv 1.39 or later.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct uv_loop_s;
struct uv_handle_s;
using uv_loop_t = uv_loop_s;
using uv_handle_t = uv_handle_s;
using uv_callback = void (*)(uv_handle_t* handle);
using uv_poll_callback = void (*)(uv_handle_t* handle, int status, int events);

// Values of uv_handle_type; part of libuv's ABI since 1.0.
enum uv_handle_kind { UV_ASYNC = 1, UV_CHECK = 2, UV_IDLE = 6, UV_POLL = 8, UV_PREPARE = 9, UV_TIMER = 13 };
enum uv_poll_event { UV_READABLE = 1 };

uint64_t uv_hrtime(void);
uint64_t uv_metrics_idle_time(uv_loop_t* loop);

size_t uv_handle_size(uv_handle_kind kind);
void uv_handle_set_data(uv_handle_t* handle, void* data);
void* uv_handle_get_data(const uv_handle_t* handle);
void uv_ref(uv_handle_t* handle);
void uv_unref(uv_handle_t* handle);
void uv_close(uv_handle_t* handle, uv_callback closed);

int uv_async_init(uv_loop_t* loop, uv_handle_t* handle, uv_callback callback);
int uv_async_send(uv_handle_t* handle);
int uv_prepare_init(uv_loop_t* loop, uv_handle_t* handle);
int uv_prepare_start(uv_handle_t* handle, uv_callback callback);
int uv_check_init(uv_loop_t* loop, uv_handle_t* handle);
int uv_check_start(uv_handle_t* handle, uv_callback callback);
int uv_idle_init(uv_loop_t* loop, uv_handle_t* handle);
int uv_idle_start(uv_handle_t* handle, uv_callback callback);
int uv_idle_stop(uv_handle_t* handle);
int uv_timer_init(uv_loop_t* loop, uv_handle_t* handle);
int uv_timer_start(uv_handle_t* handle, uv_callback callback, uint64_t timeout_ms, uint64_t repeat_ms);
int uv_poll_init(uv_loop_t* loop, uv_handle_t* handle, int fd);
int uv_poll_start(uv_handle_t* handle, int events, uv_poll_callback callback);

}  // extern "C"
