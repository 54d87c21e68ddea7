#include "gateway/schema/method_list.h"

#include <deque>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/base/json_string.h"
#include "google/protobuf/descriptor.h"

namespace penstock {
namespace {

namespace pb = google::protobuf;

void AppendMember(absl::string_view name, absl::string_view value, std::string* json) {
  absl::StrAppend(json, json->back() == '{' ? "\"" : ",\"", name, "\":");
  AppendJsonString(value, json);
}

void AppendSwitch(absl::string_view name, bool value, std::string* json) {
  absl::StrAppend(json, json->back() == '{' ? "\"" : ",\"", name, "\":", value ? "true" : "false");
}

bool IsDescribed(const pb::Descriptor& message) { return !absl::StartsWith(message.full_name(), "google.protobuf."); }

// Shapes of messages and enums, from the requests on, breadth first: what is left out is what lies deepest.
class Shapes {
 public:
  void Want(const pb::Descriptor* message) {
    if (IsDescribed(*message) && seen_.insert(message->full_name()).second) waiting_.push_back(message);
  }

  void PrintAll() {
    while (!waiting_.empty() && messages_.size() + enums_.size() < kMaxShapeBytes) {
      const pb::Descriptor* message = waiting_.front();
      waiting_.pop_front();
      Print(*message);
    }
  }

  std::string messages_, enums_;

 private:
  void Print(const pb::Descriptor& message) {
    if (!messages_.empty()) messages_ += ",\n";
    AppendJsonString(message.full_name(), &messages_);
    messages_ += ":[";
    for (int i = 0; i < message.field_count(); ++i) {
      if (i > 0) messages_ += ',';
      Print(*message.field(i));
    }
    messages_ += ']';
  }

  void Print(const pb::FieldDescriptor& field) {
    const pb::FieldDescriptor& value = field.is_map() ? *field.message_type()->FindFieldByNumber(2) : field;
    messages_ += '{';
    AppendMember("name", field.json_name(), &messages_);
    AppendMember("type", value.type_name(), &messages_);
    if (const pb::Descriptor* of = value.message_type()) {
      AppendMember("of", of->full_name(), &messages_);
      Want(of);
    } else if (const pb::EnumDescriptor* of = value.enum_type()) {
      AppendMember("of", of->full_name(), &messages_);
      Print(*of);
    }
    if (field.is_map()) {
      AppendMember("key", field.message_type()->FindFieldByNumber(1)->type_name(), &messages_);
    } else if (field.is_repeated()) {
      AppendSwitch("list", true, &messages_);
    }
    if (const pb::OneofDescriptor* oneof = field.real_containing_oneof()) {
      AppendMember("oneof", oneof->name(), &messages_);
    }
    messages_ += '}';
  }

  void Print(const pb::EnumDescriptor& type) {
    if (!seen_.insert(type.full_name()).second) return;
    if (!enums_.empty()) enums_ += ",\n";
    AppendJsonString(type.full_name(), &enums_);
    enums_ += ":[";
    for (int i = 0; i < type.value_count(); ++i) {
      if (i > 0) enums_ += ',';
      AppendJsonString(type.value(i)->name(), &enums_);
    }
    enums_ += ']';
  }

  std::set<std::string> seen_;
  std::deque<const pb::Descriptor*> waiting_;
};

void AppendRoute(const Schema::Route& route, std::string* json) {
  *json += '{';
  AppendMember("verb", route.verb, json);
  AppendMember("path", route.path_template, json);
  AppendMember("body", route.body, json);
  AppendMember("responseBody", route.response_body, json);
  *json += '}';
}

}  // namespace

std::string PrintMethodList(const Schema& schema) {
  Shapes shapes;
  std::string json = "{\"methods\":[";
  const Schema::Method* last = nullptr;
  // The routes of a method follow each other.
  for (const Schema::Route& route : schema.routes()) {
    if (route.method == last) {
      json += ',';
    } else {
      json += last == nullptr ? "\n{" : "]},\n{";
      last = route.method;
      AppendMember("name", last->full_name, &json);
      AppendSwitch("clientStreaming", last->client_streaming, &json);
      AppendSwitch("serverStreaming", last->server_streaming, &json);
      AppendMember("input", last->input->full_name(), &json);
      AppendMember("output", last->output->full_name(), &json);
      json += ",\"routes\":[";
      shapes.Want(last->input->descriptor());
    }
    AppendRoute(route, &json);
  }
  if (last != nullptr) json += "]}";
  shapes.PrintAll();
  absl::StrAppend(&json, "],\n\"messages\":{", shapes.messages_, "},\n\"enums\":{", shapes.enums_, "}}\n");
  return json;
}

}  // namespace penstock
