// Writes files as a C++ source file, to embed them in a binary. Run by tools/bazel/embed.bzl.
//
//   embed OUT.cc FUNCTION ROOT/ FILE...
//
// OUT.cc defines `absl::Span<const EmbeddedFile> penstock::http::FUNCTION()` with the files sorted by name. A file's
// name is its path relative to ROOT/.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using File = std::pair<std::string, std::string>;  // name, content

std::string NameIn(const std::string& root, const std::string& path) {
  const size_t at = path.find("/" + root);
  if (path.compare(0, root.size(), root) == 0) return path.substr(root.size());
  return at == std::string::npos ? path : path.substr(at + 1 + root.size());
}

// A string literal. Escapes have three octal digits, so that a digit after one stays a digit; "?" is escaped because of
// trigraphs.
void WriteLiteral(const std::string& content, std::ostream& out) {
  out << "\"";
  for (const char c : content) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '?') {
      out << c;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\%03o", static_cast<unsigned>(byte));
    out << escape;
    if (c == '\n') out << "\"\n    \"";
  }
  out << "\"";
}

void WriteSource(const std::string& function, const std::vector<File>& files, std::ostream& out) {
  out << "// Written by tools/embed.\n"
         "#include \"absl/types/span.h\"\n"
         "#include \"gateway/http/embedded_file.h\"\n\n"
         "namespace penstock::http {\n\n"
         "absl::Span<const EmbeddedFile> "
      << function << "();\n\nabsl::Span<const EmbeddedFile> " << function
      << "() {\n  static constexpr EmbeddedFile kFiles[] = {\n";
  for (const auto& [name, content] : files) {
    out << "      {";
    WriteLiteral(name, out);
    out << ",\n    ";
    WriteLiteral(content, out);
    out << ",\n       " << content.size() << "},\n";
  }
  out << "  };\n  return kFiles;\n}\n\n}  // namespace penstock::http\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: embed OUT.cc FUNCTION ROOT/ FILE...\n";
    return 2;
  }
  std::vector<File> files;
  for (int i = 4; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    if (!in) {
      std::cerr << "embed: cannot read " << argv[i] << "\n";
      return 1;
    }
    std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    files.emplace_back(NameIn(argv[3], argv[i]), std::move(content));
  }
  std::sort(files.begin(), files.end());
  std::ofstream out(argv[1], std::ios::binary);
  WriteSource(argv[2], files, out);
  out.close();
  if (!out) {
    std::cerr << "embed: cannot write " << argv[1] << "\n";
    return 1;
  }
  return 0;
}
