#include "providers/local_provider.h"

#include <fmt/format.h>

#include "lang/hash.h"
#include "providers/table_provider.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

struct Disk {
  FileSystem* files;
  std::string working_directory;
  std::string path(const std::string& name) const { return join_path(working_directory, name); }
};

std::vector<Field> computed_fields() {
  std::vector<Field> fields;
  for (const char* name : {"content_base64sha256", "content_base64sha512", "content_md5", "content_sha1",
                           "content_sha256", "content_sha512", "id"}) {
    fields.push_back({name, Type::string(), Mode::kComputed});
  }
  return fields;
}

// `object` with the digests of `bytes`; the id is the SHA-1.
Value with_digests(Value object, const std::string& bytes) {
  auto text = [&bytes](const char* algorithm) { return Value::string(lang::hex(lang::digest(algorithm, bytes))); };
  return with(std::move(object), {{"content_base64sha256", Value::string(lang::base64(lang::digest("sha256", bytes)))},
                                  {"content_base64sha512", Value::string(lang::base64(lang::digest("sha512", bytes)))},
                                  {"content_md5", text("md5")},
                                  {"content_sha1", text("sha1")},
                                  {"content_sha256", text("sha256")},
                                  {"content_sha512", text("sha512")},
                                  {"id", text("sha1")}});
}

// "0644" as a mode; nullopt for anything that is no octal mode.
std::optional<uint32_t> mode_of(const std::string& text) {
  if (text.size() < 3 || text.size() > 4) return std::nullopt;
  uint32_t mode = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<uint32_t>(c - '0');
  }
  return mode <= 0777 ? std::optional(mode) : std::nullopt;
}

void validate_file(const Value& config, const std::vector<const char*>& contents, Diagnostics& diagnostics) {
  size_t given = 0;
  bool unknown = false;
  std::string names;
  for (const char* name : contents) {
    const Value& value = config.attribute(name);
    unknown = unknown || !value.is_known();
    if (!value.is_null()) ++given;
    names += (names.empty() ? "" : ",") + std::string(name);
  }
  if (given > 1 || (given == 0 && !unknown)) {
    diagnostics.error(
        "Invalid Attribute Combination",
        given > 1 ? fmt::format("{} attributes specified when one (and only one) of [{}] is required", given, names)
                  : fmt::format("No attribute specified when one (and only one) of [{}] is required", names));
  }
  for (const char* name : {"directory_permission", "file_permission"}) {
    const Value& value = config.attribute(name);
    if (!value.has_content() || mode_of(value.as_string())) continue;
    diagnostics.error("Invalid Attribute Value",
                      fmt::format("Attribute {}: bad mode permission: it is a string of three or four octal digits, "
                                  "such as \"0644\", not above 0777; got: {}",
                                  name, value.as_string()));
  }
}

Task<Checked<Value>> write_file(Disk disk, Value planned, std::string from_attribute) {
  std::string bytes = text_of(planned, from_attribute.c_str());
  if (planned.attribute("content_base64").has_content()) {
    std::optional<std::string> decoded = lang::from_base64(text_of(planned, "content_base64"));
    if (!decoded) co_return refusal("Create local file error", "content_base64 is not base64.");
    bytes = std::move(*decoded);
  } else if (planned.attribute("source").has_content()) {
    Result<std::string, FileError> source = disk.files->read(disk.path(text_of(planned, "source")));
    if (!source.ok()) {
      co_return refusal("Create local file error",
                        "An unexpected error occurred while reading the source. " + source.error().message);
    }
    bytes = std::move(*source);
  }
  std::string path = disk.path(text_of(planned, "filename"));
  std::string directory = directory_of(path);
  if (!disk.files->exists(directory)) {
    Status<FileError> made =
        disk.files->make_directories(directory, mode_of(text_of(planned, "directory_permission")).value_or(0777));
    if (!made.ok()) {
      co_return refusal("Create local file error",
                        "An unexpected error occurred while creating the file's directory. " + made.error().message);
    }
  }
  Status<FileError> written =
      disk.files->write_atomic(path, bytes, mode_of(text_of(planned, "file_permission")).value_or(0777));
  if (!written.ok()) {
    co_return refusal("Create local file error",
                      "An unexpected error occurred while writing the file. " + written.error().message);
  }
  co_return Checked<Value>{with_digests(std::move(planned), bytes), {}};
}

TableType file_type(const Disk& disk, bool sensitive) {
  TableType type;
  type.fields = computed_fields();
  std::string mode = sensitive ? "0700" : "0777";
  for (const char* name : {"content", "content_base64"}) {
    type.fields.push_back({name, Type::string(), Mode::kOptional, true, sensitive});
  }
  for (const char* name : {"directory_permission", "file_permission"}) {
    type.fields.push_back({name, Type::string(), Mode::kOptionalComputed, true, false, Value::string(mode)});
  }
  type.fields.push_back({"filename", Type::string(), Mode::kRequired, true});
  type.fields.push_back({"source", Type::string(), Mode::kOptional, true});
  std::vector<const char*> contents = {"content", "content_base64", "source"};
  if (!sensitive) {
    type.fields.push_back({"sensitive_content", Type::string(), Mode::kOptional, true, true, Value(),
                           "Use the `local_sensitive_file` resource instead"});
    contents.insert(contents.begin() + 1, "sensitive_content");
  }
  type.validate = [contents](const Value& config, Diagnostics& diagnostics) {
    validate_file(config, contents, diagnostics);
  };
  type.create = [disk, sensitive](Value planned) {
    bool secret = !sensitive && planned.attribute("sensitive_content").has_content();
    return write_file(disk, planned, secret ? "sensitive_content" : "content");
  };
  // A file that is gone or has been changed is made anew.
  type.read = [disk](const Value& current) -> Checked<Value> {
    Result<std::string, FileError> bytes = disk.files->read(disk.path(text_of(current, "filename")));
    if (!bytes.ok() && bytes.error().not_found()) return {Value(), {}};
    if (!bytes.ok()) {
      Checked<Value> result = refusal("Read local file error", bytes.error().message);
      result.value = current;
      return result;
    }
    bool same = lang::hex(lang::digest("sha1", *bytes)) == text_of(current, "id");
    return {same ? current : Value(), {}};
  };
  type.destroy = [disk](Value prior) -> Task<Diagnostics> {
    Diagnostics diagnostics;
    Status<FileError> removed = disk.files->remove(disk.path(text_of(prior, "filename")));
    if (!removed.ok() && !removed.error().not_found()) {
      diagnostics.error("Delete local file error", removed.error().message);
    }
    co_return diagnostics;
  };
  return type;
}

TableData file_data(const Disk& disk, bool sensitive) {
  TableData data;
  data.fields = computed_fields();
  for (const char* name : {"content", "content_base64"}) {
    data.fields.push_back({name, Type::string(), Mode::kComputed, false, sensitive});
  }
  data.fields.push_back({"filename", Type::string(), Mode::kRequired});
  data.read = [disk](Value config) -> Task<Checked<Value>> {
    Result<std::string, FileError> bytes = disk.files->read(disk.path(text_of(config, "filename")));
    if (!bytes.ok()) {
      co_return refusal("Read local file data source error",
                        "The file at given path cannot be read.\n\nOriginal Error: " + bytes.error().message);
    }
    Value object = with_digests(std::move(config), *bytes);
    co_return Checked<Value>{with(std::move(object), {{"content", Value::string(*bytes)},
                                                      {"content_base64", Value::string(lang::base64(*bytes))}}),
                             {}};
  };
  return data;
}

}  // namespace

std::unique_ptr<schema::Provider> make_local_provider(FileSystem& files, std::string working_directory) {
  Disk disk{&files, std::move(working_directory)};
  Tables tables;
  tables.resources["local_file"] = file_type(disk, false);
  tables.resources["local_sensitive_file"] = file_type(disk, true);
  tables.data_sources["local_file"] = file_data(disk, false);
  tables.data_sources["local_sensitive_file"] = file_data(disk, true);
  return make_table_provider(std::move(tables));
}

}  // namespace terrace::providers
