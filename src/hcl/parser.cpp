#include "hcl/parser.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include <fmt/format.h>

#include "hcl/native_body.h"
#include "hcl/scanner.h"
#include "hcl/template_parts.h"

namespace terrace::hcl {

namespace {

constexpr int kDeepestNesting = 1000;

using T = TokenType;

class Parser {
 public:
  // With `place` every range is that one: the text is a piece of another file, with escapes of its own.
  Parser(const SourceFile& file, std::vector<Token> tokens, SourceRange place = {})
      : file_(file), tokens_(std::move(tokens)), place_(place) {}

  Diagnostics take_diagnostics() { return std::move(diagnostics_); }

  std::unique_ptr<NativeBody> file_body() {
    std::unique_ptr<NativeBody> body = parse_body(T::kEnd);
    return body;
  }

  ExpressionPtr whole_expression() {
    skip_newlines();
    NewlineScope ignore(*this, true);
    ExpressionPtr expression = parse_expression();
    if (!failed_ && peek().type != T::kEnd) {
      error("Extra characters after expression",
            "An expression was successfully parsed, but extra characters were found after it.", range_of(peek()));
    }
    return failed_ ? nullptr : std::move(expression);
  }

  ExpressionPtr whole_template() {
    Token first = tokens_.front();
    ExpressionPtr expression = parse_template_until(T::kEnd, range_of(first), false);
    return failed_ ? nullptr : std::move(expression);
  }

  Traversal whole_traversal() {
    Traversal traversal;
    NewlineScope ignore(*this, false);
    Token root = next();
    if (root.type != T::kIdentifier) {
      error("Variable name required", "Must begin with a variable name.", range_of(root));
      return traversal;
    }
    traversal.root = text_of(root);
    traversal.root_range = range_of(root);
    while (!failed_ && peek().type != T::kEnd) {
      Token token = next();
      if (token.type == T::kDot) {
        Token name = next();
        if (name.type != T::kIdentifier) {
          error("Attribute name required", "Dot must be followed by attribute name.", range_of(name));
          return traversal;
        }
        traversal.steps.push_back(
            {TraversalStep::Kind::kAttribute, text_of(name), between(range_of(token), range_of(name))});
      } else if (token.type == T::kOpenBracket) {
        traversal_key(token, traversal);
      } else {
        error("Invalid character", "Expected an attribute access or an index operator.", range_of(token));
      }
    }
    return traversal;
  }

 private:
  // Whether newlines are skipped: inside parentheses and brackets they are.
  class NewlineScope {
   public:
    NewlineScope(Parser& parser, bool skip) : parser_(parser), before_(parser.skip_newlines_) {
      parser.skip_newlines_ = skip;
    }
    ~NewlineScope() { parser_.skip_newlines_ = before_; }

   private:
    Parser& parser_;
    bool before_;
  };

  class Depth {
   public:
    explicit Depth(Parser& parser) : parser_(parser) {
      ++parser_.depth_;
      parser_.deepest_ = std::max(parser_.deepest_, parser_.depth_);
    }
    ~Depth() { --parser_.depth_; }

   private:
    Parser& parser_;
  };

  // An expression that grows around what was read before: each link makes that one deeper.
  class Chain {
   public:
    explicit Chain(Parser& parser) : parser_(parser), outside_(parser.deepest_) { parser_.deepest_ = parser_.depth_; }
    ~Chain() { parser_.deepest_ = std::max(parser_.deepest_, outside_); }
    bool link() {
      if (++parser_.deepest_ > kDeepestNesting) parser_.too_deep(parser_.range_of(parser_.peek()));
      return !parser_.failed_;
    }

   private:
    Parser& parser_;
    int outside_;
  };

  // --- tokens

  std::size_t next_index(std::size_t from) const {
    while (tokens_[from].type == T::kComment || (skip_newlines_ && tokens_[from].type == T::kNewline)) ++from;
    return from;
  }
  const Token& peek() const { return tokens_[next_index(at_)]; }
  const Token& peek_second() const { return tokens_[next_index(std::min(next_index(at_) + 1, tokens_.size() - 1))]; }
  Token next() {
    std::size_t index = next_index(at_);
    at_ = std::min(index + 1, tokens_.size() - 1);
    last_ = index;
    return tokens_[index];
  }
  void skip_newlines() {
    while (tokens_[next_index(at_)].type == T::kNewline) next();
  }
  std::string text_of(const Token& token) const {
    return file_.text.substr(token.start.byte, token.end.byte - token.start.byte);
  }
  std::string_view view_of(const Token& token) const {
    return std::string_view(file_.text).substr(token.start.byte, token.end.byte - token.start.byte);
  }
  SourceRange range_at(SourcePosition from, SourcePosition to) const {
    return place_.valid() ? place_ : SourceRange{&file_, from, to};
  }
  SourceRange range_of(const Token& token) const { return range_at(token.start, token.end); }

  // --- errors: the first one of a construct counts, and parsing goes on after it

  void error(std::string summary, std::string detail, SourceRange subject, SourceRange context = {}) {
    if (!failed_) diagnostics_.error(std::move(summary), std::move(detail), subject, context);
    failed_ = true;
  }

  void too_deep(const SourceRange& subject) {
    error("Nesting too deep", fmt::format("Blocks and expressions may be nested {} levels deep.", kDeepestNesting),
          subject);
  }

  // A token that can't be anywhere has an error of its own. True when `token` is one.
  bool invalid_token(const Token& token) {
    std::string_view text = view_of(token);
    switch (token.type) {
      case T::kBadUtf8:
        error("Invalid character encoding",
              "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your editor.",
              range_of(token));
        return true;
      case T::kInvalid:
        if (text == "'") {
          error("Invalid character", "Single quotes are not valid. Use double quotes (\") to enclose strings.",
                range_of(token));
        } else if (text == "`") {
          error("Invalid character",
                "The \"`\" character is not valid. To create a multi-line string, use the \"heredoc\" syntax, like "
                "\"<<EOT\".",
                range_of(token));
        } else if (text == ";") {
          error("Invalid character",
                "The \";\" character is not valid. Use newlines to separate arguments and blocks, and commas to "
                "separate items in "
                "collection values.",
                range_of(token));
        } else if (text == "&" || text == "|" || text == "~" || text == "^") {
          std::string hint = text == "&"   ? " Did you mean boolean AND (\"&&\")?"
                             : text == "|" ? " Did you mean boolean OR (\"||\")?"
                             : text == "~" ? " Did you mean boolean NOT (\"!\")?"
                                           : "";
          error("Unsupported operator", "Bitwise operators are not supported." + hint, range_of(token));
        } else if (text == "\u201c" || text == "\u201d" || text == "\u2018" || text == "\u2019") {
          error(
              "Invalid character",
              "\"Curly quotes\" are not valid here. These can sometimes be inadvertently introduced when sharing code "
              "via documents or discussion forums. It might help to replace the character with a \"straight quote\".",
              range_of(token));
        } else if (text == "/*") {
          error("Unterminated comment", "There is no \"*/\" that ends this comment before the end of the file.",
                range_of(token));
        } else {
          error("Invalid character", "This character is not used within the language.", range_of(token));
        }
        return true;
      case T::kUnterminatedQuote:
        unterminated_quote(token);
        return true;
      default:
        return false;
    }
  }

  void unterminated_quote(const Token& token) {
    if (token.start.byte < file_.text.size()) {
      error("Invalid multi-line string",
            "Quoted strings may not be split over multiple lines. To produce a multi-line string, either use the \\n "
            "escape to "
            "represent a newline character or use the \"heredoc\" multi-line template syntax.",
            range_of(token));
    } else {
      error("Unterminated template string", "No closing marker was found for the string.", range_of(token));
    }
  }

  // Skips to the end of the line, over whole brackets, so that one error does not bring others.
  void recover_line() {
    NewlineScope keep(*this, false);
    int open = 0;
    while (true) {
      const Token& token = tokens_[at_];
      switch (token.type) {
        case T::kEnd:
          return;
        case T::kNewline:
          if (open <= 0) return;
          break;
        case T::kOpenBrace:
        case T::kOpenBracket:
        case T::kOpenParen:
        case T::kTemplateInterp:
        case T::kTemplateControl:
          ++open;
          break;
        case T::kCloseBrace:
        case T::kCloseBracket:
        case T::kCloseParen:
        case T::kTemplateEnd:
          if (open == 0 && token.type == T::kCloseBrace) return;
          --open;
          break;
        default:
          break;
      }
      ++at_;
    }
  }

  // Skips to behind the brace that closes the block whose content the parser is at.
  void skip_block() {
    for (int open = 1; open > 0 && tokens_[at_].type != T::kEnd; ++at_) {
      if (tokens_[at_].type == T::kOpenBrace) ++open;
      if (tokens_[at_].type == T::kCloseBrace) --open;
    }
  }

  // --- bodies

  std::unique_ptr<NativeBody> parse_body(TokenType end) {
    auto body = std::make_unique<NativeBody>();
    std::unordered_map<std::string, SourceRange> names;
    NewlineScope keep(*this, false);
    Depth depth(*this);
    bool one_line = end == T::kCloseBrace;  // until a line break follows the opening brace
    while (true) {
      const Token& token = peek();
      if (token.type == T::kNewline) {
        one_line = false;
        next();
        continue;
      }
      if (token.type == end || token.type == T::kEnd) break;
      failed_ = false;
      parse_item(*body, names, one_line);
      if (failed_) {
        recover_line();
        const Token& stuck = peek();
        if (stuck.type == T::kCloseBrace && end != T::kCloseBrace) next();
      }
    }
    body->end_range = range_of(peek());
    failed_ = false;
    return body;
  }

  void parse_item(NativeBody& body, std::unordered_map<std::string, SourceRange>& names, bool one_line) {
    Token token = next();
    if (invalid_token(token)) return;
    if (token.type != T::kIdentifier) {
      if (token.type == T::kOpenQuote && !one_line) {
        error("Invalid argument name", "Argument names must not be quoted.", range_of(token));
      } else if (diagnostics_.has_errors()) {
        failed_ = true;  // most likely what is left of the construct that is wrong
      } else {
        error("Argument or block definition required", "An argument or block definition is required here.",
              range_of(token));
      }
      return;
    }
    const Token& after = peek();
    switch (after.type) {
      case T::kAssign:
        parse_attribute(body, names, token);
        return;
      case T::kOpenQuote:
      case T::kOpenBrace:
      case T::kIdentifier:
        parse_block(body, token);
        return;
      default:
        if (!invalid_token(after)) {
          error("Argument or block definition required",
                "An argument or block definition is required here. To set an argument, use the equals sign \"=\" to "
                "introduce the "
                "argument value.",
                range_of(token));
        }
    }
  }

  bool parse_attribute(NativeBody& body, std::unordered_map<std::string, SourceRange>& names, const Token& name,
                       bool one_line = false) {
    next();  // =
    ExpressionPtr expression = parse_expression();
    if (failed_) return false;
    NativeAttribute attribute;
    attribute.attribute.name = text_of(name);
    attribute.attribute.name_range = range_of(name);
    attribute.attribute.range = between(range_of(name), expression->range);
    attribute.attribute.expression = expression.get();
    if (!one_line) {
      const Token& end = peek();
      if (end.type != T::kNewline && end.type != T::kEnd) {
        if (!invalid_token(end)) {
          if (end.type == T::kComma) {
            error("Unexpected comma after argument",
                  "Argument definitions must be separated by newlines, not commas. An argument definition must end "
                  "with a newline.",
                  range_of(end), between(range_of(name), range_of(end)));
          }
          error("Missing newline after argument", "An argument definition must end with a newline.", range_of(end),
                between(range_of(name), range_of(end)));
        }
        return false;
      }
    }
    auto [before, is_new] = names.emplace(attribute.attribute.name, attribute.attribute.name_range);
    if (!is_new) {
      const SourceRange& first = before->second;
      diagnostics_.error(
          "Attribute redefined",
          fmt::format("The argument \"{}\" was already set at {}:{},{}-{}. Each argument may be set only once.",
                      attribute.attribute.name, file_.path, first.start.line, first.start.column, first.end.column),
          attribute.attribute.name_range);
      return true;
    }
    attribute.expression = std::move(expression);
    body.attributes.push_back(std::move(attribute));
    return true;
  }

  void parse_block(NativeBody& body, const Token& type) {
    NativeBlock block;
    block.block.type = text_of(type);
    block.block.type_range = range_of(type);
    SourceRange definition = range_of(type);
    while (true) {
      Token token = next();
      if (token.type == T::kIdentifier) {
        block.block.labels.push_back(text_of(token));
        block.block.label_ranges.push_back(range_of(token));
        definition = between(definition, range_of(token));
      } else if (token.type == T::kOpenQuote) {
        SourceRange place = range_of(token);
        std::string label = literal_string(token, place);
        if (failed_) return;
        block.block.labels.push_back(std::move(label));
        block.block.label_ranges.push_back(place);
        definition = between(definition, place);
      } else if (token.type == T::kOpenBrace) {
        break;
      } else {
        if (invalid_token(token)) return;
        if (token.type == T::kAssign) {
          error("Invalid block definition",
                "The equals sign \"=\" indicates an argument definition, and must not be used when defining a block.",
                range_of(token), between(definition, range_of(token)));
        } else if (token.type == T::kNewline || token.type == T::kEnd) {
          error("Invalid block definition",
                "A block definition must have block content delimited by \"{\" and \"}\", starting on the same line as "
                "the block header.",
                range_of(token), between(definition, range_of(token)));
          if (token.type == T::kNewline && at_ > 0) at_ = last_;
        } else {
          error("Invalid block definition",
                "Either a quoted string block label or an opening brace (\"{\") is expected here.", range_of(token),
                between(definition, range_of(token)));
        }
        return;
      }
    }
    block.block.definition_range = definition;
    if (depth_ > kDeepestNesting) {
      too_deep(definition);
      return;
    }
    SourceRange open = range_of(tokens_[last_]);
    if (peek().type == T::kIdentifier) {
      block.body = one_line_body(open);
    } else if (peek().type == T::kCloseBrace) {
      block.body = std::make_unique<NativeBody>();
    } else {
      block.body = parse_body(T::kCloseBrace);
    }
    if (failed_) return;
    const Token& close = peek();
    if (close.type != T::kCloseBrace) {
      error("Unclosed configuration block",
            "There is no closing brace for this block before the end of the file. This may be caused by incorrect "
            "brace nesting "
            "elsewhere in this file.",
            open, between(definition, open));
      return;
    }
    block.body->end_range = range_of(close);
    next();
    // A block that is closed on the line of the one around it ends that line, too.
    const Token& end = peek();
    if (end.type != T::kNewline && end.type != T::kEnd) {
      if (!invalid_token(end)) {
        error("Missing newline after block definition", "A block definition must end with a newline.", range_of(end),
              between(definition, range_of(end)));
      }
    }
    block.block.body = block.body.get();
    body.blocks.push_back(std::move(block));
  }

  // { name = value } on one line.
  std::unique_ptr<NativeBody> one_line_body(const SourceRange& open) {
    auto body = std::make_unique<NativeBody>();
    NewlineScope keep(*this, false);
    Token name = next();
    if (peek().type != T::kAssign) {
      TokenType after = peek().type;
      if (after == T::kOpenQuote || after == T::kOpenBrace || after == T::kIdentifier) {
        error(
            "Argument definition required",
            fmt::format("A single-line block definition can contain only a single argument. If you meant to define "
                        "argument \"{}\", use an equals sign to assign it a value. To define a nested block, place it "
                        "on a line of its own within its parent block.",
                        text_of(name)),
            between(range_of(name), range_of(peek())), between(open, range_of(peek())));
      } else if (!invalid_token(peek())) {
        error("Argument or block definition required",
              "An argument or block definition is required here. To set an argument, use the equals sign \"=\" to "
              "introduce the argument value.",
              range_of(name));
      }
      return body;
    }
    std::unordered_map<std::string, SourceRange> names;
    if (!parse_attribute(*body, names, name, true)) return body;
    const Token& end = peek();
    if (end.type == T::kCloseBrace) return body;
    if (end.type == T::kComma) {
      error("Invalid single-argument block definition",
            "Single-line block syntax can include only one argument definition. To define multiple arguments, use the "
            "multi-line "
            "block syntax with one argument definition per line.",
            range_of(end), between(open, range_of(end)));
    } else if (end.type == T::kNewline) {
      error("Invalid single-argument block definition",
            "An argument definition on the same line as its containing block creates a single-line block definition, "
            "which must also "
            "be closed on the same line. Place the block's closing brace immediately after the argument definition.",
            range_of(end), between(open, range_of(end)));
      skip_block();
    } else if (!invalid_token(end)) {
      error("Invalid single-argument block definition",
            "A single-line block definition must end with a closing brace immediately after its single argument "
            "definition.",
            range_of(end), between(open, range_of(end)));
    }
    return body;
  }

  // --- expressions, by precedence

  ExpressionPtr parse_expression() {
    Depth depth(*this);
    if (depth_ > kDeepestNesting) {
      too_deep(range_of(peek()));
      return nullptr;
    }
    return parse_conditional();
  }

  ExpressionPtr parse_conditional() {
    ExpressionPtr condition = parse_binary(0);
    if (failed_ || peek().type != T::kQuestion) return condition;
    next();
    ExpressionPtr if_true = parse_expression();
    if (failed_) return nullptr;
    const Token& colon = peek();
    if (colon.type != T::kColon) {
      if (!invalid_token(colon)) {
        error("Missing false expression in conditional",
              "The conditional operator (...?...:...) requires a false expression, delimited by a colon.",
              range_of(colon), between(condition->range, range_of(colon)));
      }
      return nullptr;
    }
    next();
    ExpressionPtr if_false = parse_expression();
    if (failed_) return nullptr;
    SourceRange place = between(condition->range, if_false->range);
    return std::make_unique<Conditional>(place, std::move(condition), std::move(if_true), std::move(if_false));
  }

  static int level_of(TokenType type, Operator& operation) {
    switch (type) {
      case T::kOr:
        operation = Operator::kOr;
        return 0;
      case T::kAnd:
        operation = Operator::kAnd;
        return 1;
      case T::kEqualOp:
        operation = Operator::kEqual;
        return 2;
      case T::kNotEqual:
        operation = Operator::kNotEqual;
        return 2;
      case T::kGreater:
        operation = Operator::kGreater;
        return 3;
      case T::kGreaterEqual:
        operation = Operator::kGreaterOrEqual;
        return 3;
      case T::kLess:
        operation = Operator::kLess;
        return 3;
      case T::kLessEqual:
        operation = Operator::kLessOrEqual;
        return 3;
      case T::kPlus:
        operation = Operator::kAdd;
        return 4;
      case T::kMinus:
        operation = Operator::kSubtract;
        return 4;
      case T::kStar:
        operation = Operator::kMultiply;
        return 5;
      case T::kSlash:
        operation = Operator::kDivide;
        return 5;
      case T::kPercent:
        operation = Operator::kModulo;
        return 5;
      default:
        return -1;
    }
  }

  ExpressionPtr parse_binary(int lowest) {
    Chain chain(*this);
    ExpressionPtr left = parse_unary();
    while (!failed_) {
      Operator operation = Operator::kOr;
      int level = level_of(peek().type, operation);
      if (level < lowest) break;
      if (!chain.link()) return nullptr;
      next();
      ExpressionPtr right = parse_binary(level + 1);
      if (failed_) return nullptr;
      SourceRange place = between(left->range, right->range);
      left = std::make_unique<Binary>(place, operation, std::move(left), std::move(right));
    }
    return failed_ ? nullptr : std::move(left);
  }

  ExpressionPtr parse_unary() {
    const Token& token = peek();
    if (token.type != T::kMinus && token.type != T::kBang) return parse_postfix();
    Token sign = next();
    Depth depth(*this);
    if (depth_ > kDeepestNesting) {
      too_deep(range_of(sign));
      return nullptr;
    }
    ExpressionPtr operand = parse_unary();
    if (failed_) return nullptr;
    SourceRange place = between(range_of(sign), operand->range);
    return std::make_unique<Unary>(place, sign.type == T::kMinus ? Operator::kNegate : Operator::kNot,
                                   std::move(operand));
  }

  ExpressionPtr parse_postfix() {
    Chain chain(*this);
    ExpressionPtr expression = parse_term();
    if (failed_) return nullptr;
    return parse_traversals(std::move(expression), false, &chain);
  }

  // Steps after a term. Inside an attribute-only splat the steps end where an index would begin.
  ExpressionPtr parse_traversals(ExpressionPtr from, bool attributes_only, Chain* chain = nullptr) {
    while (!failed_) {
      const Token& token = peek();
      if (token.type == T::kDot) {
        from = parse_dot(std::move(from), attributes_only);
      } else if (token.type == T::kOpenBracket && !attributes_only) {
        from = parse_bracket(std::move(from));
      } else {
        break;
      }
      bool nested = from && (from->kind == ExpressionKind::kIndex || from->kind == ExpressionKind::kSplat);
      if (nested && chain != nullptr && !chain->link()) return nullptr;
    }
    return failed_ ? nullptr : std::move(from);
  }

  ExpressionPtr with_step(ExpressionPtr from, TraversalStep step) {
    if (from->kind == ExpressionKind::kScopeTraversal) {
      auto* scope = const_cast<ScopeTraversal*>(static_cast<const ScopeTraversal*>(from.get()));
      scope->range = between(scope->range, step.range);
      scope->traversal.steps.push_back(std::move(step));
      return from;
    }
    SourceRange place = between(from->range, step.range);
    if (from->kind == ExpressionKind::kRelativeTraversal) {
      auto* relative = const_cast<RelativeTraversal*>(static_cast<const RelativeTraversal*>(from.get()));
      relative->steps.push_back(std::move(step));
      relative->range = place;
      return from;
    }
    std::vector<TraversalStep> steps;
    steps.push_back(std::move(step));
    return std::make_unique<RelativeTraversal>(place, std::move(from), std::move(steps));
  }

  ExpressionPtr parse_dot(ExpressionPtr from, bool in_attribute_splat) {
    SourceRange dot = range_of(next());
    const Token& token = peek();
    switch (token.type) {
      case T::kIdentifier: {
        Token name = next();
        return with_step(std::move(from),
                         {TraversalStep::Kind::kAttribute, text_of(name), between(dot, range_of(name))});
      }
      case T::kNumber: {
        Token number = next();
        std::string text = text_of(number);
        if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
          std::size_t point = text.find('.');
          error("Invalid legacy index syntax",
                point == std::string::npos
                    ? "An index behind a dot must be a whole number. Use the proper index syntax instead, like [0]."
                    : fmt::format("When using the legacy index syntax, chaining two indexes together is not permitted. "
                                  "Use the proper index syntax{} instead, like [{}][{}].",
                                  in_attribute_splat ? " with a full splat expression [*]" : "", text.substr(0, point),
                                  text.substr(point + 1)),
                range_of(number));
          return nullptr;
        }
        return with_step(std::move(from), {TraversalStep::Kind::kNumberKey, text, between(dot, range_of(number))});
      }
      case T::kStar: {
        SourceRange marker = range_of(next());
        if (in_attribute_splat) {
          error("Nested splat expression not allowed",
                "A splat expression (*) cannot be used inside another attribute-only splat expression.", marker,
                between(from->range, marker));
          return nullptr;
        }
        auto symbol = std::make_unique<AnonymousSymbol>(marker);
        const AnonymousSymbol* item = symbol.get();
        ExpressionPtr each = parse_traversals(std::move(symbol), true);
        if (failed_) return nullptr;
        SourceRange place = between(from->range, each->range);
        return std::make_unique<Splat>(place, std::move(from), std::move(each), item, between(dot, marker));
      }
      default:
        if (!invalid_token(token)) {
          error("Invalid attribute name", "An attribute name is required after a dot.", range_of(token),
                between(from->range, range_of(token)));
        }
        return nullptr;
    }
  }

  ExpressionPtr parse_bracket(ExpressionPtr from) {
    SourceRange open = range_of(next());
    bool outer = skip_newlines_;
    NewlineScope skip(*this, true);
    if (peek().type == T::kStar) {
      next();
      if (peek().type != T::kCloseBracket) {
        if (!invalid_token(peek())) {
          error("Missing close bracket on splat index",
                "The star for a full splat operator must be immediately followed by a closing bracket (\"]\").",
                range_of(peek()), between(open, range_of(peek())));
        }
        return nullptr;
      }
      SourceRange marker = between(open, range_of(next()));
      auto symbol = std::make_unique<AnonymousSymbol>(marker);
      const AnonymousSymbol* item = symbol.get();
      ExpressionPtr each;
      Depth depth(*this);
      if (depth_ > kDeepestNesting) {
        too_deep(marker);
        return nullptr;
      }
      {
        NewlineScope restore(*this, outer);
        Chain chain(*this);
        each = parse_traversals(std::move(symbol), false, &chain);
      }
      if (failed_) return nullptr;
      SourceRange place = between(from->range, each->range);
      return std::make_unique<Splat>(place, std::move(from), std::move(each), item, marker);
    }
    ExpressionPtr key = parse_expression();
    if (failed_) return nullptr;
    const Token& close = peek();
    if (close.type != T::kCloseBracket) {
      if (!invalid_token(close)) {
        error("Missing close bracket on index", "The index operator must end with a closing bracket (\"]\").",
              range_of(close), between(open, range_of(close)));
      }
      return nullptr;
    }
    SourceRange step = between(open, range_of(next()));
    if (const std::string* text = as_literal_string(*key)) {
      return with_step(std::move(from), {TraversalStep::Kind::kStringKey, *text, step});
    }
    if (key->kind == ExpressionKind::kLiteral) {
      const auto& literal = static_cast<const Literal&>(*key);
      if (literal.literal == Literal::Kind::kNumber) {
        return with_step(std::move(from), {TraversalStep::Kind::kNumberKey, literal.text, step});
      }
    }
    SourceRange place = between(from->range, step);
    return std::make_unique<Index>(place, std::move(from), std::move(key));
  }

  void traversal_key(const Token& open, Traversal& traversal) {
    Token key = next();
    std::string text;
    TraversalStep::Kind kind = TraversalStep::Kind::kNumberKey;
    if (key.type == T::kNumber) {
      text = text_of(key);
    } else if (key.type == T::kOpenQuote) {
      SourceRange place = range_of(key);
      text = literal_string(key, place);
      kind = TraversalStep::Kind::kStringKey;
    } else {
      error("Index value required", "Index brackets must contain either a literal number or a literal string.",
            range_of(key));
    }
    if (failed_) return;
    Token close = next();
    if (close.type != T::kCloseBracket) {
      error("Unclosed index brackets", "Index key must be followed by a closing bracket.", range_of(close));
      return;
    }
    traversal.steps.push_back({kind, std::move(text), between(range_of(open), range_of(close))});
  }

  ExpressionPtr parse_term() {
    const Token& token = peek();
    switch (token.type) {
      case T::kOpenParen:
        return parse_parentheses();
      case T::kNumber: {
        Token number = next();
        return std::make_unique<Literal>(range_of(number), Literal::Kind::kNumber, text_of(number));
      }
      case T::kIdentifier:
        return parse_name();
      case T::kOpenQuote: {
        Token open = next();
        return parse_template_until(T::kCloseQuote, range_of(open), false);
      }
      case T::kOpenHeredoc: {
        Token open = next();
        return parse_template_until(T::kCloseHeredoc, range_of(open), view_of(open).substr(0, 3) == "<<-");
      }
      case T::kOpenBracket:
        return parse_tuple();
      case T::kOpenBrace:
        return parse_object();
      case T::kEnd:
        error("Missing expression", "Expected the start of an expression, but found the end of the file.",
              range_of(token));
        return nullptr;
      default:
        if (!invalid_token(token)) {
          error("Invalid expression", "Expected the start of an expression, but found an invalid expression token.",
                range_of(token));
        }
        return nullptr;
    }
  }

  ExpressionPtr parse_parentheses() {
    SourceRange open = range_of(next());
    NewlineScope skip(*this, true);
    ExpressionPtr inner = parse_expression();
    if (failed_) return nullptr;
    const Token& close = peek();
    if (close.type != T::kCloseParen) {
      if (!invalid_token(close)) {
        error("Unbalanced parentheses", "Expected a closing parenthesis to terminate the expression.", range_of(close),
              between(open, range_of(close)));
      }
      return nullptr;
    }
    SourceRange place = between(open, range_of(next()));
    return std::make_unique<Parentheses>(place, std::move(inner));
  }

  ExpressionPtr parse_name() {
    Token name = next();
    std::string text = text_of(name);
    if (peek().type == T::kOpenParen || peek().type == T::kDoubleColon) return parse_call(name, std::move(text));
    if (text == "true" || text == "false") {
      return std::make_unique<Literal>(range_of(name), Literal::Kind::kBool, std::string(), text == "true");
    }
    if (text == "null") return std::make_unique<Literal>(range_of(name), Literal::Kind::kNull, std::string());
    Traversal traversal;
    traversal.root = std::move(text);
    traversal.root_range = range_of(name);
    return std::make_unique<ScopeTraversal>(std::move(traversal));
  }

  ExpressionPtr parse_call(const Token& name, std::string text) {
    SourceRange name_range = range_of(name);
    while (peek().type == T::kDoubleColon) {
      next();
      const Token& part = peek();
      if (part.type != T::kIdentifier) {
        error("Missing function name",
              "Function scope resolution symbol :: must be followed by a function name in this scope.", range_of(part),
              between(name_range, range_of(part)));
        return nullptr;
      }
      name_range = between(name_range, range_of(part));
      text += "::" + text_of(next());
    }
    if (peek().type != T::kOpenParen) {
      error("Missing open parenthesis",
            "Function selector must be followed by an open parenthesis to begin the function call.", range_of(peek()),
            between(name_range, range_of(peek())));
      return nullptr;
    }
    SourceRange open = range_of(next());
    NewlineScope skip(*this, true);
    std::vector<ExpressionPtr> arguments;
    bool expand = false;
    while (peek().type != T::kCloseParen) {
      ExpressionPtr argument = parse_expression();
      if (failed_) return nullptr;
      arguments.push_back(std::move(argument));
      const Token& separator = peek();
      if (separator.type == T::kCloseParen) break;
      if (separator.type == T::kEllipsis) {
        SourceRange ellipsis = range_of(next());
        expand = true;
        if (peek().type != T::kCloseParen) {
          error("Missing closing parenthesis",
                "An expanded function argument (with ...) must be immediately followed by closing parentheses.",
                ellipsis, between(name_range, range_of(peek())));
          return nullptr;
        }
        break;
      }
      if (separator.type != T::kComma) {
        if (separator.type == T::kEnd) {
          error("Unterminated function call",
                "There is no closing parenthesis for this function call before the end of the file. This may be caused "
                "by incorrect "
                "parenthesis nesting elsewhere in this file.",
                between(name_range, open));
        } else if (!invalid_token(separator)) {
          error("Missing argument separator", "A comma is required to separate each function argument from the next.",
                range_of(separator), between(name_range, range_of(separator)));
        }
        return nullptr;
      }
      next();
    }
    SourceRange close = range_of(next());
    return std::make_unique<FunctionCall>(between(name_range, close), std::move(text), name_range, std::move(arguments),
                                          expand, close);
  }

  bool keyword(const Token& token, std::string_view word) const {
    return token.type == T::kIdentifier && view_of(token) == word;
  }

  ExpressionPtr parse_tuple() {
    SourceRange open = range_of(next());
    NewlineScope skip(*this, true);
    if (keyword(peek(), "for")) return parse_for(open, T::kCloseBracket);
    std::vector<ExpressionPtr> elements;
    while (peek().type != T::kCloseBracket) {
      ExpressionPtr element = parse_expression();
      if (failed_) return nullptr;
      elements.push_back(std::move(element));
      const Token& separator = peek();
      if (separator.type == T::kCloseBracket) break;
      if (separator.type != T::kComma) {
        if (separator.type == T::kEnd) {
          error("Unterminated tuple constructor expression",
                "There is no corresponding closing bracket before the end of the file. This may be caused by incorrect "
                "bracket nesting "
                "elsewhere in this file.",
                open);
        } else if (!invalid_token(separator)) {
          error("Missing item separator", "Expected a comma to mark the beginning of the next item.",
                range_of(separator), between(open, range_of(separator)));
        }
        return nullptr;
      }
      next();
    }
    SourceRange close = range_of(next());
    return std::make_unique<Tuple>(between(open, close), std::move(elements));
  }

  // {for ...} is a for expression; { for = 1 } is an object with an attribute of that name.
  bool starts_for() const {
    if (!keyword(peek(), "for")) return false;
    TokenType second = peek_second().type;
    return second == T::kIdentifier;
  }

  ExpressionPtr parse_object() {
    SourceRange open = range_of(next());
    {
      NewlineScope skip(*this, true);
      if (starts_for()) {
        return parse_for(open, T::kCloseBrace);
      }
    }
    NewlineScope keep(*this, false);
    std::vector<ObjectItem> items;
    while (true) {
      skip_newlines();
      if (peek().type == T::kCloseBrace) break;
      ObjectItem item;
      item.key = parse_object_key();
      if (failed_) return nullptr;
      const Token& separator = peek();
      if (separator.type != T::kAssign && separator.type != T::kColon) {
        if (invalid_token(separator)) return nullptr;
        if (separator.type == T::kNewline || separator.type == T::kComma) {
          error("Missing attribute value", "Expected an attribute value, introduced by an equals sign (\"=\").",
                range_of(separator), between(open, range_of(separator)));
        } else if (separator.type == T::kEnd) {
          unterminated_object(open);
        } else {
          error("Missing key/value separator",
                "Expected an equals sign (\"=\") to mark the beginning of the attribute value.", range_of(separator),
                between(open, range_of(separator)));
        }
        return nullptr;
      }
      next();
      item.value = parse_expression();
      if (failed_) return nullptr;
      items.push_back(std::move(item));
      const Token& end = peek();
      if (end.type == T::kCloseBrace) break;
      if (end.type != T::kComma && end.type != T::kNewline) {
        if (end.type == T::kEnd) {
          unterminated_object(open);
        } else if (!invalid_token(end)) {
          error("Missing attribute separator",
                "Expected a newline or comma to mark the beginning of the next attribute.", range_of(end),
                between(open, range_of(end)));
        }
        return nullptr;
      }
      next();
    }
    SourceRange close = range_of(next());
    return std::make_unique<Object>(between(open, close), std::move(items));
  }

  void unterminated_object(const SourceRange& open) {
    error("Unterminated object constructor expression",
          "There is no corresponding closing brace before the end of the file. This may be caused by incorrect brace "
          "nesting elsewhere in "
          "this file.",
          open);
  }

  ExpressionPtr parse_object_key() {
    if (peek().type == T::kIdentifier) {
      TokenType second = peek_second().type;
      if (second == T::kAssign || second == T::kColon) {
        Token name = next();
        return std::make_unique<Literal>(range_of(name), Literal::Kind::kString, text_of(name));
      }
    }
    ExpressionPtr key = parse_expression();
    if (failed_) return nullptr;
    if (key->kind == ExpressionKind::kScopeTraversal) {
      const Traversal& traversal = static_cast<const ScopeTraversal&>(*key).traversal;
      if (traversal.steps.empty()) {
        return std::make_unique<Literal>(key->range, Literal::Kind::kString, traversal.root);
      }
      if (peek().type == T::kAssign || peek().type == T::kColon) {
        error("Ambiguous attribute key",
              "If this expression is intended to be a reference, wrap it in parentheses. If it's instead intended as a "
              "literal name "
              "containing periods, wrap it in quotes to create a string literal.",
              key->range);
        return nullptr;
      }
    }
    return key;
  }

  ExpressionPtr parse_for(const SourceRange& open, TokenType closing) {
    next();  // for
    auto result = std::make_unique<For>(open);
    auto name = [&](const char* which) -> std::string {
      const Token& token = peek();
      if (token.type != T::kIdentifier) {
        if (!invalid_token(token)) {
          error("Invalid 'for' expression",
                fmt::format("For expression requires {}variable name after {}.", which,
                            which[0] == 'v' ? "comma" : "'for'"),
                range_of(token), between(open, range_of(token)));
        }
        return {};
      }
      return text_of(next());
    };
    result->value_name = name("");
    if (!failed_ && peek().type == T::kComma) {
      next();
      result->key_name = std::move(result->value_name);
      result->value_name = name("value ");
    }
    if (failed_) return nullptr;
    if (!keyword(peek(), "in")) {
      if (!invalid_token(peek())) {
        error("Invalid 'for' expression", "For expression requires the 'in' keyword after its name declarations.",
              range_of(peek()), between(open, range_of(peek())));
      }
      return nullptr;
    }
    next();
    result->collection = parse_expression();
    if (failed_) return nullptr;
    if (peek().type != T::kColon) {
      if (!invalid_token(peek())) {
        error("Invalid 'for' expression", "For expression requires a colon after the collection expression.",
              range_of(peek()), between(open, range_of(peek())));
      }
      return nullptr;
    }
    next();
    ExpressionPtr first = parse_expression();
    if (failed_) return nullptr;
    if (peek().type == T::kArrow) {
      if (closing == T::kCloseBracket) {
        error("Invalid 'for' expression", "Key expression is not valid when building a tuple.", first->range,
              between(open, range_of(peek())));
        return nullptr;
      }
      next();
      result->key = std::move(first);
      result->value = parse_expression();
      if (failed_) return nullptr;
    } else {
      if (closing == T::kCloseBrace) {
        error("Invalid 'for' expression", "Key expression is required when building an object.", first->range,
              between(open, range_of(peek())));
        return nullptr;
      }
      result->value = std::move(first);
    }
    if (peek().type == T::kEllipsis) {
      if (closing == T::kCloseBracket) {
        error("Invalid 'for' expression", "Grouping ellipsis (...) cannot be used when building a tuple.",
              range_of(peek()), between(open, range_of(peek())));
        return nullptr;
      }
      next();
      result->grouping = true;
    }
    if (keyword(peek(), "if")) {
      next();
      result->condition = parse_expression();
      if (failed_) return nullptr;
    }
    if (peek().type != closing) {
      if (!invalid_token(peek())) {
        error("Invalid 'for' expression", "Extra characters after the end of the 'for' expression.", range_of(peek()),
              between(open, range_of(peek())));
      }
      return nullptr;
    }
    result->range = between(open, range_of(next()));
    return result;
  }

  // --- templates

  // A quoted string without any template sequence, after its opening quote; `place` grows to the whole of it.
  std::string literal_string(const Token& open, SourceRange& place) {
    std::string text;
    while (true) {
      Token token = next_raw();
      if (token.type == T::kCloseQuote) {
        place = between(range_of(open), range_of(token));
        return text;
      }
      if (token.type == T::kTemplateText) {
        text += unescape(view_of(token), token.start, true);
        if (failed_) return text;
        continue;
      }
      if (token.type == T::kTemplateInterp || token.type == T::kTemplateControl) {
        bool control = token.type == T::kTemplateControl;
        error("Invalid string literal",
              fmt::format("Template sequences are not allowed in this string. To include a literal \"{0}\", double it "
                          "(as \"{0}{0}\") to "
                          "escape it.",
                          control ? "%" : "$"),
              range_of(token), between(range_of(open), range_of(token)));
      } else {
        unterminated_quote(token);
      }
      return text;
    }
  }

  // Inside templates nothing is skipped.
  Token next_raw() {
    last_ = at_;
    at_ = std::min(at_ + 1, tokens_.size() - 1);
    return tokens_[last_];
  }

  std::string unescape(std::string_view text, SourcePosition start, bool quoted) {
    EscapeResult result = unescape_template_text(text, quoted);
    if (result.bad_length > 0) {
      SourcePosition from = advance(start, text.substr(0, result.bad_at));
      SourcePosition to = advance(from, text.substr(result.bad_at, result.bad_length));
      error("Invalid escape sequence", result.message, range_at(from, to));
    }
    return std::move(result.text);
  }

  ExpressionPtr parse_template_until(TokenType close, const SourceRange& open, bool flush) {
    std::vector<TemplatePart> parts;
    SourceRange place = open;
    bool quoted = close == T::kCloseQuote;
    while (true) {
      Token token = next_raw();
      if (token.type == close) {
        place = between(open, range_of(token));
        break;
      }
      switch (token.type) {
        case T::kTemplateText: {
          TemplatePart part;
          part.kind = TemplatePart::Kind::kText;
          part.range = range_of(token);
          part.text = unescape(view_of(token), token.start, quoted);
          if (failed_) return nullptr;
          parts.push_back(std::move(part));
          break;
        }
        case T::kTemplateInterp:
        case T::kTemplateControl:
          parse_sequence(token, parts);
          if (failed_) return nullptr;
          break;
        case T::kUnterminatedHeredoc:
        case T::kEnd:
          error("Unterminated template string", "No closing marker was found for the string.", range_of(token),
                between(open, range_of(token)));
          return nullptr;
        case T::kUnterminatedQuote:
          if (token.start.byte < file_.text.size()) {
            unterminated_quote(token);
          } else {
            error("Unterminated template string", "No closing marker was found for the string.", range_of(token),
                  between(open, range_of(token)));
          }
          return nullptr;
        default:
          if (!invalid_token(token)) {
            error("Invalid template", "This is not part of a template.", range_of(token));
          }
          return nullptr;
      }
    }
    trim_template(parts);
    if (flush) flush_heredoc(parts);
    Diagnostics problems;
    ExpressionPtr result = build_template(std::move(parts), place, close == T::kCloseHeredoc, problems);
    if (problems.has_errors()) {
      if (!failed_) diagnostics_.append(std::move(problems));
      failed_ = true;
      return nullptr;
    }
    return result;
  }

  // What stands between ${ or %{ and its closing brace.
  void parse_sequence(const Token& open, std::vector<TemplatePart>& parts) {
    NewlineScope skip(*this, true);
    TemplatePart part;
    part.range = range_of(open);
    part.trim_left = view_of(open).size() == 3;
    if (open.type == T::kTemplateInterp) {
      part.kind = TemplatePart::Kind::kInterpolation;
      if (peek().type == T::kTemplateEnd) {
        error("Invalid expression", "Expected the start of an expression, but found an invalid expression token.",
              range_of(peek()));
        return;
      }
      part.expression = parse_expression();
    } else {
      parse_directive(part);
    }
    if (failed_) return;
    const Token& close = peek();
    if (close.type != T::kTemplateEnd) {
      if (invalid_token(close)) return;
      if (open.type == T::kTemplateInterp && close.type == T::kEnd) {
        error("Unclosed template interpolation sequence",
              "There is no closing brace for this interpolation sequence before the end of the file. This might be "
              "caused by incorrect nesting inside the given expression.",
              range_of(open), between(range_of(open), range_of(close)));
      } else if (open.type == T::kTemplateInterp) {
        error("Extra characters after interpolation expression",
              close.type == T::kColon ? "Template interpolation doesn't expect a colon at this location. Did you "
                                        "intend this to be a literal sequence to be "
                                        "processed as part of another language? If so, you can escape it by starting "
                                        "with \"$${\" instead of just \"${\"."
                                      : "Expected a closing brace to end the interpolation expression, but found extra "
                                        "characters.\n\nThis can happen when you "
                                        "include interpolation syntax for another language, such as shell scripting, "
                                        "but forget to escape the interpolation "
                                        "start token. If this is an embedded sequence for another language, escape it "
                                        "by starting with \"$${\" instead of "
                                        "just \"${\".",
              range_of(close), between(range_of(open), range_of(close)));
      } else {
        error(fmt::format("Extra characters in {} marker", directive_word(part.kind)),
              "Expected a closing brace to end the sequence, but found extra characters.", range_of(close),
              between(range_of(open), range_of(close)));
      }
      return;
    }
    Token end = next();
    part.trim_right = view_of(end).size() == 2;
    part.range = between(range_of(open), range_of(end));
    parts.push_back(std::move(part));
  }

  void parse_directive(TemplatePart& part) {
    const Token& word = peek();
    if (word.type != T::kIdentifier) {
      if (!invalid_token(word)) {
        error("Invalid template directive",
              "A template directive keyword (\"if\", \"for\", etc) is expected at the beginning of a %{ sequence.",
              range_of(word), between(part.range, range_of(word)));
      }
      return;
    }
    Token name = next();
    std::string text = text_of(name);
    if (text == "if") {
      part.kind = TemplatePart::Kind::kIf;
      part.expression = parse_expression();
    } else if (text == "else") {
      part.kind = TemplatePart::Kind::kElse;
    } else if (text == "endif") {
      part.kind = TemplatePart::Kind::kEndIf;
    } else if (text == "endfor") {
      part.kind = TemplatePart::Kind::kEndFor;
    } else if (text == "for") {
      part.kind = TemplatePart::Kind::kFor;
      Token first = next();
      if (first.type != T::kIdentifier) {
        error("Invalid 'for' directive", "For directive requires variable name after 'for'.", range_of(first));
        return;
      }
      part.value_name = text_of(first);
      if (peek().type == T::kComma) {
        next();
        Token second = next();
        if (second.type != T::kIdentifier) {
          error("Invalid 'for' directive", "For directive requires value variable name after comma.", range_of(second));
          return;
        }
        part.key_name = std::move(part.value_name);
        part.value_name = text_of(second);
      }
      if (!keyword(peek(), "in")) {
        error("Invalid 'for' directive", "For directive requires 'in' keyword after names.", range_of(peek()));
        return;
      }
      next();
      part.expression = parse_expression();
    } else {
      error("Invalid template control keyword",
            fmt::format("\"{}\" is not a valid template control keyword.{}", text,
                        did_you_mean(text, {"if", "for", "else", "endif", "endfor"})),
            range_of(name));
    }
  }

  const SourceFile& file_;
  std::vector<Token> tokens_;
  SourceRange place_;
  std::size_t at_ = 0;
  std::size_t last_ = 0;
  bool skip_newlines_ = false;
  bool failed_ = false;
  int depth_ = 0;
  int deepest_ = 0;  // of the tree being built: chains such as a + b + c nest without recursion
  Diagnostics diagnostics_;
};

}  // namespace

Checked<File> parse_file(SourceFilePtr source) {
  Parser parser(*source, scan(*source, ScanMode::kNormal));
  std::unique_ptr<NativeBody> body = parser.file_body();
  File file;
  file.source = std::move(source);
  file.body = std::move(body);
  return {std::move(file), parser.take_diagnostics()};
}

Checked<ExpressionPtr> parse_expression(const SourceFile& source) {
  Parser parser(source, scan(source, ScanMode::kNormal));
  ExpressionPtr expression = parser.whole_expression();
  return {std::move(expression), parser.take_diagnostics()};
}

Checked<ExpressionPtr> parse_template(const SourceFile& source) {
  Parser parser(source, scan(source, ScanMode::kTemplate));
  ExpressionPtr expression = parser.whole_template();
  return {std::move(expression), parser.take_diagnostics()};
}

Checked<ExpressionPtr> parse_template_text(std::string text, const SourceRange& place) {
  SourceFile piece{place.file != nullptr ? place.file->path : std::string(), std::move(text)};
  Parser parser(piece, scan(piece, ScanMode::kTemplate), place);
  ExpressionPtr expression = parser.whole_template();
  return {std::move(expression), parser.take_diagnostics()};
}

Checked<Traversal> parse_traversal(const SourceFile& source) {
  Parser parser(source, scan(source, ScanMode::kNormal));
  Traversal traversal = parser.whole_traversal();
  return {std::move(traversal), parser.take_diagnostics()};
}

}  // namespace terrace::hcl
