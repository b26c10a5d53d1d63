#include "cli/picture.h"

#include <dlfcn.h>
#include <graphviz/gvc.h>

#include <memory>

#include <fmt/format.h>

namespace terrace::cli {

namespace {

// A library that stays open until the process ends: Graphviz's plugins do not survive being unloaded.
class Library {
 public:
  explicit Library(const char* name) : handle_(dlopen(name, RTLD_LAZY | RTLD_GLOBAL)) {}
  explicit operator bool() const { return handle_ != nullptr; }
  template <typename Function>
  bool find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(handle_, name));
    return function != nullptr;
  }

 private:
  void* handle_;
};

// The part of libgvc and libcgraph that is used here.
struct Graphviz {
  decltype(&::gvContext) gvContext;
  decltype(&::gvFreeContext) gvFreeContext;
  decltype(&::gvLayout) gvLayout;
  decltype(&::gvFreeLayout) gvFreeLayout;
  decltype(&::gvRenderData) gvRenderData;
  decltype(&::gvFreeRenderData) gvFreeRenderData;
  decltype(&::agmemread) agmemread;
  decltype(&::agclose) agclose;
  decltype(&::agseterrf) agseterrf;

  bool load() {
    Library gvc("libgvc.so.6");
    Library cgraph("libcgraph.so.6");
    return gvc && cgraph && gvc.find("gvContext", gvContext) && gvc.find("gvFreeContext", gvFreeContext) &&
           gvc.find("gvLayout", gvLayout) && gvc.find("gvFreeLayout", gvFreeLayout) &&
           gvc.find("gvRenderData", gvRenderData) && gvc.find("gvFreeRenderData", gvFreeRenderData) &&
           cgraph.find("agmemread", agmemread) && cgraph.find("agclose", agclose) &&
           cgraph.find("agseterrf", agseterrf);
  }
};

// Graphviz warns of sizes on standard error by itself; what matters comes back as a result.
int ignore_message(char*) {
  return 0;
}

}  // namespace

Result<std::string, std::string> draw_picture(const std::string& dot, const std::string& format) {
  Graphviz graphviz{};
  if (!graphviz.load())
    return Failure<std::string>{
        "Graphviz's library (libgvc.so.6) is not installed. On Debian: apt install libgvc6; or take the DOT text, "
        "which "
        "needs none."};
  graphviz.agseterrf(ignore_message);
  GVC_t* context = graphviz.gvContext();
  Agraph_t* graph = graphviz.agmemread(dot.c_str());
  char* data = nullptr;
  unsigned int length = 0;
  std::string picture;
  bool laid_out = graph != nullptr && graphviz.gvLayout(context, graph, "dot") == 0;
  if (laid_out && graphviz.gvRenderData(context, graph, format.c_str(), &data, &length) == 0)
    picture.assign(data, length);
  if (data != nullptr) graphviz.gvFreeRenderData(data);
  if (laid_out) graphviz.gvFreeLayout(context, graph);
  if (graph != nullptr) graphviz.agclose(graph);
  graphviz.gvFreeContext(context);
  if (picture.empty())
    return Failure<std::string>{
        fmt::format("Graphviz could not draw it as {}. Its plugins may not be registered: as root, run: dot -c, or "
                    "libgvc6-config-update -c.",
                    format)};
  return picture;
}

}  // namespace terrace::cli
