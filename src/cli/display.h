// Values as plan and state texts show them: a tree that knows how each part is written, free of schemas and of the
// language's values. display_of() makes it; change_text.h writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace terrace::cli {

struct Display;

// How the blocks of one name are matched: by place, by content or by key.
enum class DisplayNesting : uint8_t { kSequence, kSet, kMap };

// The blocks of one name within a block.
struct DisplayBlocks {
  std::string name;
  DisplayNesting nesting = DisplayNesting::kSequence;
  bool is_unknown = false;
  std::vector<std::pair<std::string, Display>> blocks;  // by map key, or with empty keys
};

struct Display {
  enum class Kind : uint8_t {
    kNull,
    kUnknown,
    kLiteral,  // a number or bool, as written
    kString,
    kList,  // lists, tuples, and sets where no schema tells that they are sets
    kSet,
    kMap,         // keys always quoted
    kObject,      // members that a schema declares: null ones are not shown
    kFreeObject,  // members as they came, null ones too (values of dynamic type, JSON)
    kBlock,
  };
  Kind kind = Kind::kNull;
  bool is_sensitive = false;
  std::string text;                                      // of a literal or string
  std::vector<Display> elements;                         // of a list or set
  std::vector<std::pair<std::string, Display>> members;  // of a map, object or block, sorted by name
  std::vector<DisplayBlocks> blocks;                     // of a block, sorted by name
};

bool operator==(const Display& a, const Display& b);
bool operator==(const DisplayBlocks& a, const DisplayBlocks& b);

// A JSON object or array as text made into a tree; nullopt for any other text. Numbers keep their digits.
std::optional<Display> display_of_json(std::string_view text);

}  // namespace terrace::cli
