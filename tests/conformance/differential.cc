#include "tests/conformance/differential.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"

namespace penstock::testing {
namespace {

// JSON without the white space between its tokens, and with the two characters spelled alike that only one side
// escapes.
std::string Compact(absl::string_view json) {
  std::string compact;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (!in_string && absl::ascii_isspace(static_cast<unsigned char>(json[i]))) continue;
    compact.push_back(json[i]);
    if (json[i] == '"') in_string = !in_string;
    if (in_string && json[i] == '\\' && i + 1 < json.size()) compact.push_back(json[++i]);
  }
  return absl::StrReplaceAll(compact, {{"\\u2028", "\u2028"}, {"\\u2029", "\u2029"}});
}

// Lines of a stream, and /healthz, end with a newline; a unary body does not.
bool IsLines(const Response& response) { return absl::EndsWith(response.body, "\n"); }

std::string ComparableBody(const Response& reference, const Response& response) {
  if (IsLines(reference) || !absl::StartsWith(reference.Header("Content-Type"), "application/json")) {
    return response.body;
  }
  return Compact(response.body);
}

bool IsMapped(absl::string_view name) {
  for (absl::string_view other : {"WWW-Authenticate", "Trailer", "Allow", "Connection"}) {
    if (absl::EqualsIgnoreCase(name, other)) return true;
  }
  return absl::StartsWithIgnoreCase(name, "Grpc-Metadata-");
}

// By name, the order of a name's values kept; but for Trailer, where it is that of a Go map.
std::string Fields(const std::vector<std::pair<std::string, std::string>>& fields, bool mapped_only) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& [name, value] : fields) {
    if (mapped_only && !IsMapped(name)) continue;
    const std::string lower = absl::AsciiStrToLower(name);
    kept.emplace_back(lower, lower == "trailer" ? absl::AsciiStrToLower(value) : value);
  }
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.first == "trailer" && a.second < b.second;
  });
  return absl::StrJoin(kept, "\n", absl::PairFormatter(": "));
}

std::string ContentType(const Response& response) {
  return response.HasHeader("Content-Type") ? absl::StrCat("\"", response.Header("Content-Type"), "\"") : "none";
}

// A stream that began: its lines must go out as they come, so it has no length that could be known.
bool IsStream(const Response& reference) {
  return reference.status == 200 && reference.chunked && (reference.body.empty() || IsLines(reference));
}

std::string Framing(const Response& reference, const Response& response) {
  if (!response.error.empty()) return "no HTTP: " + response.error;
  if (!response.head_complete) return "no answer";
  if (!response.complete) return "cut";
  if (IsStream(reference) && response.chunked) return "a stream";
  return response.chunked || response.HasHeader("Content-Length") ? "whole" : "until close";
}

// Where an error of either shape starts, as a JSON pointer; a body that is none has no code there.
std::string ErrorAt(const Response& response) { return JsonAt(response.body, "/error/code").empty() ? "" : "/error"; }

// Both are errors that agree but for their words: the words.
bool AreErrorsInOtherWords(const Response& reference, const Response& ours, Difference* words) {
  if (reference.status < 400 || reference.status != ours.status) return false;
  const std::string at = ErrorAt(reference);
  for (const char* field : {"/code", "/details"}) {
    const std::string expected = JsonAt(reference.body, at + field);
    if (expected.empty() || expected != JsonAt(ours.body, at + field)) return false;
  }
  *words = {Aspect::kMessage, JsonStringAt(reference.body, at + "/message"), JsonStringAt(ours.body, at + "/message")};
  return IsLines(reference) == IsLines(ours) && words->reference != words->ours;
}

// What Go's own parsers say: protojson, which even puts a space of a random kind after its name, encoding/json and
// time. A deadline is noticed by the server or by its client, which each have their words.
bool AreAnImplementationsOwn(absl::string_view message) {
  for (absl::string_view beginning :
       {"json: ", "invalid character ", "unexpected E", "unmarshaling of symbolic enum ", "cannot assign ",
        "invalid escape sequence ", "duplicate map key ", "context deadline exceeded", "Deadline Exceeded"}) {
    if (absl::StartsWith(message, beginning)) return true;
  }
  for (absl::string_view part :
       {"proto:\u00a0", "proto: ", " is not a valid value for enum ", "parsing time ", "time: "}) {
    if (absl::StrContains(message, part)) return true;
  }
  return false;
}

// Where two long texts part, with what stands there.
std::string FirstDifference(const Difference& difference) {
  constexpr size_t kAround = 40;
  const auto parted = std::mismatch(difference.reference.begin(), difference.reference.end(), difference.ours.begin(),
                                    difference.ours.end());
  const size_t at = static_cast<size_t>(parted.first - difference.reference.begin());
  const size_t from = at - std::min(at, kAround);
  return absl::StrCat("from byte ", at, ": ", absl::CHexEscape(difference.reference.substr(from, 2 * kAround)),
                      "\n    but ours: ", absl::CHexEscape(difference.ours.substr(from, 2 * kAround)));
}

std::string Print(const Response& response) {
  if (!response.head_complete) return absl::StrCat("  ", Framing(response, response), "\n");
  std::string text =
      absl::StrCat("  ", response.status, " ", response.reason, " (", Framing(response, response), ")\n");
  for (const auto* fields : {&response.headers, &response.trailers}) {
    for (const auto& [name, value] : *fields) absl::StrAppend(&text, "  ", name, ": ", absl::CHexEscape(value), "\n");
  }
  constexpr size_t kEnough = 2000;
  return absl::StrCat(text, "  ", absl::Utf8SafeCHexEscape(absl::string_view(response.body).substr(0, kEnough)),
                      response.body.size() > kEnough ? " …" : "", "\n");
}

// The reference got a reply that Go's printer refuses, a FieldMask's odd path for example. Ours may print it, and else
// fails with the same code.
bool CannotPrint(const Response& reference) {
  return reference.status == 500 && JsonAt(reference.body, "/code") == "2" &&
         absl::StartsWith(JsonStringAt(reference.body, "/message"), "proto:");
}

}  // namespace

const char* AspectName(Aspect aspect) {
  switch (aspect) {
    case Aspect::kStatus:
      return "status";
    case Aspect::kMessage:
      return "message";
    case Aspect::kBody:
      return "body";
    case Aspect::kContentType:
      return "content type";
    case Aspect::kHeaders:
      return "headers";
    case Aspect::kTrailers:
      return "trailers";
    case Aspect::kFraming:
      return "framing";
  }
  return "?";
}

std::vector<Difference> Differences(const Response& reference, const Response& ours) {
  std::vector<Difference> found;
  if (CannotPrint(reference)) {
    if (ours.complete && ours.status == 200) return found;
    if (ours.complete && ours.status == 500 && JsonAt(ours.body, "/code") == "2") return found;
  }
  const auto compare = [&found](Aspect aspect, const std::string& a, const std::string& b) {
    if (a != b) found.push_back({aspect, a, b});
  };
  compare(Aspect::kStatus, absl::StrCat(reference.status), absl::StrCat(ours.status));
  compare(Aspect::kContentType, ContentType(reference), ContentType(ours));
  compare(Aspect::kHeaders, Fields(reference.headers, true), Fields(ours.headers, true));
  compare(Aspect::kTrailers, Fields(reference.trailers, false), Fields(ours.trailers, false));
  compare(Aspect::kFraming, Framing(reference, reference), Framing(reference, ours));
  Difference words{};
  if (AreErrorsInOtherWords(reference, ours, &words)) {
    if (!AreAnImplementationsOwn(words.reference)) found.push_back(std::move(words));
  } else {
    compare(Aspect::kBody, ComparableBody(reference, reference), ComparableBody(reference, ours));
  }
  return found;
}

Response Ask(const std::string& address, absl::string_view request) {
  const absl::Time deadline = absl::Now() + absl::Seconds(8);
  absl::StatusOr<RawClient> client = RawClient::Connect(address);
  if (!client.ok()) return Response();
  client->NextResponse(/*to_head=*/absl::StartsWith(request, "HEAD "));
  // A server may answer, and close, before it has read all: what it said is still there to read.
  client->Send(request, deadline).IgnoreError();
  return client->ReadResponse(deadline);
}

std::string Report(absl::string_view request, const std::vector<Difference>& differences, const Response& reference,
                   const Response& ours) {
  constexpr size_t kEnough = 1500;
  std::string text = absl::StrCat("request:\n", absl::Utf8SafeCHexEscape(request.substr(0, kEnough)), "\ndiffers in\n");
  for (const Difference& difference : differences) {
    // The bodies follow anyway.
    if (difference.aspect == Aspect::kBody) {
      absl::StrAppend(&text, "  body, ", FirstDifference(difference), "\n");
    } else {
      absl::StrAppend(&text, "  ", AspectName(difference.aspect), ": ", absl::Utf8SafeCHexEscape(difference.reference),
                      "\n    but ours: ", absl::Utf8SafeCHexEscape(difference.ours), "\n");
    }
  }
  return absl::StrCat(text, "reference:\n", Print(reference), "ours:\n", Print(ours));
}

}  // namespace penstock::testing
