#include "gateway/observe/live_report.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/json_string.h"

namespace penstock::observe {
namespace {

void AppendMember(absl::string_view name, absl::string_view value, std::string* json) {
  absl::StrAppend(json, "\"", name, "\":");
  AppendJsonString(value, json);
  json->push_back(',');
}

}  // namespace

void LiveReport::Add(LiveReport other) {
  total += other.total;
  entries.insert(entries.end(), std::make_move_iterator(other.entries.begin()),
                 std::make_move_iterator(other.entries.end()));
}

std::string PrintLiveReport(LiveReport report) {
  std::stable_sort(report.entries.begin(), report.entries.end(),
                   [](const LiveEntry& a, const LiveEntry& b) { return a.age > b.age; });
  if (report.entries.size() > LiveReport::kMostEntries) report.entries.resize(LiveReport::kMostEntries);
  std::string json = absl::StrCat("{\"total\":", report.total, ",\"streams\":[");
  for (size_t i = 0; i < report.entries.size(); ++i) {
    const LiveEntry& entry = report.entries[i];
    json += i == 0 ? "\n{" : ",\n{";
    AppendMember("method", entry.method, &json);
    AppendMember("route", entry.route, &json);
    AppendMember("protocol", entry.protocol, &json);
    AppendMember("peer", entry.peer, &json);
    absl::StrAppend(&json, "\"age_seconds\":", absl::StrFormat("%.3f", absl::ToDoubleSeconds(entry.age)),
                    ",\"records\":", entry.records, ",\"bytes\":", entry.bytes, ",\"held_bytes\":", entry.held_bytes,
                    "}");
  }
  json += "]}\n";
  return json;
}

}  // namespace penstock::observe
