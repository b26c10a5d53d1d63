#include "aws/models.h"

#include <cassert>
#include <cstring>
#include <span>

#include <zlib.h>
#include <nlohmann/json.hpp>

#include "base/embedded.h"

namespace terrace::aws {

// src/aws/model/*.json as NAME.gz; the build makes it.
std::span<const EmbeddedFile> model_files();

namespace {

constexpr std::string_view kSuffix = ".gz";
constexpr std::string_view kPartitions = "partitions";

std::string_view name_of(const EmbeddedFile& file) {
  return file.path.substr(0, file.path.size() - kSuffix.size());
}

std::string unpack(std::string_view archive) {
  // A gzip file ends with the length of its content, little endian.
  uint32_t size;
  std::memcpy(&size, archive.data() + archive.size() - sizeof size, sizeof size);
  std::string content(size, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(archive.data()));
  stream.avail_in = static_cast<uInt>(archive.size());
  stream.next_out = reinterpret_cast<unsigned char*>(content.data());
  stream.avail_out = size;
  constexpr int kGzip = 16 + MAX_WBITS;
  [[maybe_unused]] int started = inflateInit2(&stream, kGzip);
  assert(started == Z_OK);
  [[maybe_unused]] int ended = inflate(&stream, Z_FINISH);
  assert(ended == Z_STREAM_END);
  inflateEnd(&stream);
  return content;
}

}  // namespace

Models::Models() = default;
Models::~Models() = default;

const ServiceModel* Models::service(std::string_view service) {
  if (auto found = models_.find(service); found != models_.end()) return found->second.get();
  std::string text = service == kPartitions ? std::string() : built_in_model(service);
  if (text.empty()) return nullptr;
  auto model = ServiceModel::parse(nlohmann::ordered_json::parse(text));
  assert(model.ok());
  const ServiceModel* result = model.value().get();
  models_.emplace(service, std::move(model).value());
  return result;
}

std::vector<std::string> built_in_services() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : model_files()) {
    if (name_of(file) != kPartitions) names.emplace_back(name_of(file));
  }
  return names;
}

std::string built_in_model(std::string_view name) {
  for (const EmbeddedFile& file : model_files()) {
    if (name_of(file) == name) return unpack(file.content);
  }
  return {};
}

}  // namespace terrace::aws
