// Result and Error: how every function of the project says that it could not do its work.
// A user's mistake or a device's failure is returned; a mistake of ours is a CHECK (check.h).
#pragma once

#include "core/base/check.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace alpa
{

/// Chosen by what the caller does next.
enum class ErrorCode {
    kInvalidInput, ///< The file or the request is wrong: fix it.
    kUnsupported,  ///< We lack it; the message names what is supported.
    kNotFound,
    kIo,
    kOutOfMemory, ///< Use a smaller batch or more devices.
    kDevice,      ///< Hardware or driver.
    kAborted,     ///< Another device failed first; do not report twice.
    kCancelled,   ///< The user asked for it; show nothing.
};

/// What went wrong, and where in our source it was noticed.
struct Error {
    ErrorCode code = ErrorCode::kInvalidInput;
    std::string message; ///< Lower case, no full stop: the thing, the fact, the expectation.
    const char* file = "";
    int line = 0;

    Error(ErrorCode errorCode, std::string text, const char* where = __builtin_FILE(),
          int lineNumber = __builtin_LINE())
        : code(errorCode)
        , message(std::move(text))
        , file(where)
        , line(lineNumber)
    {
    }

    /// The same error with its place in front, outermost first: "stage 3: ...".
    Error in(std::string_view context) const
    {
        Error wider = *this;
        wider.message = std::string(context) + ": " + message;
        return wider;
    }
};

/// A value, or the Error that prevented it.
template <typename T>
class [[nodiscard]] Result
{
public:
    Result(T value)
        : content_(std::in_place_index<0>, std::move(value))
    {
    }
    Result(Error error)
        : content_(std::in_place_index<1>, std::move(error))
    {
    }

    bool ok() const { return content_.index() == 0; }
    explicit operator bool() const { return ok(); }

    const T& value() const&
    {
        CHECK(ok(), error().message.c_str());
        return std::get<0>(content_);
    }
    T& value() &
    {
        CHECK(ok(), error().message.c_str());
        return std::get<0>(content_);
    }
    T&& value() &&
    {
        CHECK(ok(), error().message.c_str());
        return std::get<0>(std::move(content_));
    }
    const T& operator*() const& { return value(); }
    T& operator*() & { return value(); }
    const T* operator->() const { return &value(); }
    T* operator->() { return &value(); }

    const Error& error() const { return std::get<1>(content_); }

private:
    std::variant<T, Error> content_;
};

/// Success, or the Error that prevented it.
template <>
class [[nodiscard]] Result<void>
{
public:
    Result() = default;
    Result(Error error)
        : error_(std::move(error))
    {
    }
    bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    const Error& error() const { return *error_; }

private:
    std::optional<Error> error_;
};

using Status = Result<void>;

} // namespace alpa

#define ALPA_CONCAT_INNER(a, b) a##b
#define ALPA_CONCAT(a, b) ALPA_CONCAT_INNER(a, b)

/// ASSIGN_OR_RETURN(const Graph graph, importModel(path));
#define ASSIGN_OR_RETURN(declaration, expression)                                                  \
    auto ALPA_CONCAT(result_, __LINE__) = (expression);                                            \
    if (!ALPA_CONCAT(result_, __LINE__).ok())                                                      \
        return ALPA_CONCAT(result_, __LINE__).error();                                             \
    declaration = std::move(ALPA_CONCAT(result_, __LINE__)).value()

#define RETURN_IF_ERROR(expression)                                                                \
    do {                                                                                           \
        if (auto status_ = (expression); !status_.ok())                                            \
            return status_.error();                                                                \
    } while (false)
