// Result<T, E>: a value or the error that took its place. For errors that a user, the disk or AWS can cause.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

namespace terrace {

template <typename E>
struct Failure {
  E error;
};

template <typename E>
Failure(E) -> Failure<E>;

// Holds either a T or an E. `ok()` tells which; `value()` and `error()` assert that it is that one.
template <typename T, typename E>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure<E> failure) : content_(std::in_place_index<1>, std::move(failure.error)) {}

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(content_); }
  const T& value() const& { return std::get<0>(content_); }
  T&& value() && { return std::get<0>(std::move(content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const E& error() const { return std::get<1>(content_); }
  E& error() { return std::get<1>(content_); }

 private:
  std::variant<T, E> content_;
};

// A result without a value: success or an E.
template <typename E>
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Failure<E> failure) : error_(std::in_place_index<1>, std::move(failure.error)) {}
  bool ok() const { return error_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const E& error() const { return std::get<1>(error_); }

 private:
  std::variant<std::monostate, E> error_;
};

}  // namespace terrace
