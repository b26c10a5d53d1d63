// Paths, files and templates. Relative paths start at the working directory.
#include <algorithm>

#include <fmt/format.h>

#include "lang/convert.h"
#include "lang/function_tables.h"
#include "lang/glob.h"
#include "lang/hash.h"

namespace terrace::lang {

namespace {

const std::string& text(const Call& call, std::size_t i) {
  return call.arguments[i].as_string();
}

// "~/x" in the home directory; everything else from the base directory.
std::string resolved(const Call& call, const std::string& path) {
  if (!path.empty() && path[0] == '/') return path;
  return join_path(call.context.base_directory, path);
}

FunctionResult read_bytes(const Call& call, std::string& bytes) {
  if (call.context.files == nullptr) return call_error("no files can be read here");
  Result<std::string, FileError> content = call.context.files->read(resolved(call, text(call, 0)));
  if (!content) {
    if (content.error().not_found()) {
      return call_error(
          fmt::format(
              "no file exists at \"{}\"; this function works only with files that are distributed as part of the "
              "configuration source code, so if this file will be created by a "
              "resource in this configuration you must instead obtain this result from an attribute of that resource",
              text(call, 0)),
          0);
    }
    return call_error(fmt::format("failed to read \"{}\": {}", text(call, 0), content.error().message), 0);
  }
  bytes = *std::move(content);
  return Value::boolean(true);
}

bool valid_utf8(const std::string& bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    unsigned char c = static_cast<unsigned char>(bytes[i]);
    std::size_t length = c < 0x80                ? 1
                         : c >= 0xc2 && c < 0xe0 ? 2
                         : c >= 0xe0 && c < 0xf0 ? 3
                         : c >= 0xf0 && c < 0xf5 ? 4
                                                 : 0;
    if (length == 0 || i + length > bytes.size()) return false;
    for (std::size_t j = 1; j < length; ++j) {
      if ((static_cast<unsigned char>(bytes[i + j]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

FunctionResult file(const Call& call) {
  std::string bytes;
  FunctionResult read = read_bytes(call, bytes);
  if (!read) return read;
  if (!valid_utf8(bytes)) {
    return call_error(fmt::format(
        "contents of \"{}\" are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents "
        "or the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead",
        text(call, 0)));
  }
  return Value::string(bytes);
}

FunctionResult filebase64(const Call& call) {
  std::string bytes;
  FunctionResult read = read_bytes(call, bytes);
  if (!read) return read;
  return Value::string(base64(bytes));
}

template <const char* kAlgorithm, bool kBase64>
FunctionResult file_hash(const Call& call) {
  std::string bytes;
  FunctionResult read = read_bytes(call, bytes);
  if (!read) return read;
  std::string hashed = digest(kAlgorithm, bytes);
  return Value::string(kBase64 ? base64(hashed) : hex(hashed));
}
constexpr char kMd5[] = "md5";
constexpr char kSha1[] = "sha1";
constexpr char kSha256[] = "sha256";
constexpr char kSha512[] = "sha512";

FunctionResult fileexists(const Call& call) {
  if (call.context.files == nullptr) return call_error("no files can be read here");
  Result<FileInfo, FileError> info = call.context.files->info(resolved(call, text(call, 0)));
  if (!info) {
    if (info.error().not_found()) return Value::boolean(false);
    return call_error(fmt::format("failed to stat \"{}\": {}", text(call, 0), info.error().message), 0);
  }
  if (info->is_directory) return call_error(fmt::format("\"{}\" is a directory, not a file", text(call, 0)));
  return Value::boolean(true);
}

void collect(FileSystem& files, const std::string& root, const std::string& below, const std::string& pattern,
             std::vector<Value>& found) {
  Result<std::vector<DirectoryEntry>, FileError> entries = files.list(below.empty() ? root : join_path(root, below));
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    std::string path = below.empty() ? entry.name : below + "/" + entry.name;
    if (entry.is_directory) {
      collect(files, root, path, pattern, found);
    } else if (glob_matches(pattern, path)) {
      found.push_back(Value::string(path));
    }
  }
}

FunctionResult fileset(const Call& call) {
  if (call.context.files == nullptr) return call_error("no files can be read here");
  if (!glob_valid(text(call, 1))) {
    return call_error(
        fmt::format("failed to glob pattern \"{}\": syntax error in pattern", join_path(text(call, 0), text(call, 1))));
  }
  std::vector<Value> found;
  collect(*call.context.files, resolved(call, text(call, 0)), "", text(call, 1), found);
  return Value::set(Type::string(), std::move(found));
}

FunctionResult abspath(const Call& call) {
  return Value::string(clean_path(resolved(call, text(call, 0))));
}

FunctionResult basename(const Call& call) {
  std::string path = text(call, 0);
  if (path.empty()) return Value::string(".");
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (path == "/") return Value::string("/");
  return Value::string(path.substr(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/') + 1));
}

FunctionResult dirname(const Call& call) {
  const std::string& path = text(call, 0);
  std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return Value::string(".");
  return Value::string(clean_path(path.substr(0, slash + 1)));
}

FunctionResult pathexpand(const Call& call) {
  const std::string& path = text(call, 0);
  if (path.empty() || path[0] != '~' || (path.size() > 1 && path[1] != '/')) return Value::string(path);
  const char* home = getenv("HOME");
  if (home == nullptr) return call_error("the HOME directory is not known", 0);
  return Value::string(home + path.substr(1));
}

FunctionResult check_variables(const Value& variables) {
  const Type& type = variables.type();
  if (!type.is_object() && type.kind() != TypeKind::kMap) return call_error("invalid vars value: must be a map", 1);
  for (std::size_t i = 0; variables.is_known() && i < variables.length(); ++i) {
    const std::string& name = type.is_object() ? type.attributes()[i].name : variables.keys()[i];
    if (std::isalpha(static_cast<unsigned char>(name[0])) == 0) {
      return call_error(
          fmt::format("invalid template variable name \"{}\": must start with a letter, followed by zero or "
                      "more letters, digits, and underscores",
                      name),
          1);
    }
  }
  return variables;
}

FunctionResult recursive(const char* name) {
  return call_error(fmt::format("cannot recursively call {} from inside another template function", name));
}

FunctionResult templatefile(const Call& call) {
  if (call.context.inside_template) return recursive("templatefile");
  FunctionResult variables = check_variables(call.arguments[1]);
  if (!variables) return variables;
  if (!call.arguments[1].is_known()) return Value::dynamic();
  std::string bytes;
  FunctionResult read = read_bytes(call, bytes);
  if (!read) return read;
  return call.render(text(call, 0), bytes, call.arguments[1]);
}

FunctionResult templatestring(const Call& call) {
  if (call.context.inside_template) return recursive("templatestring");
  FunctionResult variables = check_variables(call.arguments[1]);
  if (!variables) return variables;
  if (!call.arguments[1].is_known()) return Value::unknown(Type::string());
  return call.render("<templatestring argument>", text(call, 0), call.arguments[1]);
}

}  // namespace

const std::vector<Function>& file_functions() {
  static const Parameter kPath{"path", Type::string()};
  static const std::vector<Function> kTable = {
      {"abspath", {kPath}, std::nullopt, Type::string(), abspath},
      {"basename", {kPath}, std::nullopt, Type::string(), basename},
      {"dirname", {kPath}, std::nullopt, Type::string(), dirname},
      {"file", {kPath}, std::nullopt, Type::string(), file},
      {"filebase64", {kPath}, std::nullopt, Type::string(), filebase64},
      {"filebase64sha256", {kPath}, std::nullopt, Type::string(), file_hash<kSha256, true>},
      {"filebase64sha512", {kPath}, std::nullopt, Type::string(), file_hash<kSha512, true>},
      {"fileexists", {kPath}, std::nullopt, Type::boolean(), fileexists},
      {"filemd5", {kPath}, std::nullopt, Type::string(), file_hash<kMd5, false>},
      {"fileset", {kPath, {"pattern", Type::string()}}, std::nullopt, Type::set(Type::string()), fileset},
      {"filesha1", {kPath}, std::nullopt, Type::string(), file_hash<kSha1, false>},
      {"filesha256", {kPath}, std::nullopt, Type::string(), file_hash<kSha256, false>},
      {"filesha512", {kPath}, std::nullopt, Type::string(), file_hash<kSha512, false>},
      {"pathexpand", {kPath}, std::nullopt, Type::string(), pathexpand},
      {"templatefile", {kPath, {"vars", Type::dynamic(), false, true}}, std::nullopt, Type::dynamic(), templatefile},
      {"templatestring",
       {{"template", Type::string()}, {"vars", Type::dynamic(), false, true}},
       std::nullopt,
       Type::string(),
       templatestring},
  };
  return kTable;
}

}  // namespace terrace::lang
