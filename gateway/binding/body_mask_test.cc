#include "gateway/binding/body_mask.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "binding_test.pb.h"

namespace penstock::binding {
namespace {

namespace test = transcode::test;

const codec::MessagePlan& Plan(absl::string_view name) {
  static const codec::PlanSet& plans =
      *codec::PlanSet::Build({test::Document::descriptor()->file()}, codec::PrintOptions()).value().release();
  return *plans.Find(absl::StrCat("penstock.transcode.test.", name));
}

// The paths, or the error.
std::string Mask(absl::string_view json) {
  std::vector<std::string> paths;
  const absl::Status status = BodyMaskPaths(Plan("Document"), json, &paths);
  return status.ok() ? absl::StrJoin(paths, ",") : absl::StrCat("! ", status.message());
}

TEST(BodyMaskTest, NamesWhatTheBodySets) {
  const struct {
    const char* json;
    const char* paths;
    const char* reason;
  } kRows[] = {
      {"{}", "", "nothing"},
      {R"({"title":"t"})", "title", "a scalar"},
      {R"({"title":null})", "title", "null clears the field, so it is named"},
      {R"({"title":"t","author":{"displayName":"n"}})", "author.display_name,title", "nested, sorted, proto names"},
      {R"({"author":{"display_name":"n"}})", "author.display_name", "in the other spelling"},
      {R"({"author":{}})", "author", "an empty message is named itself"},
      {R"({"author":{"born":"1970-01-01T00:00:00Z"}})", "author.born", "a message that is a string in JSON"},
      {R"({"size":"5"})", "size", "a wrapper"},
      {R"({"editors":[{"displayName":"n"}],"pages":[1]})", "editors,pages", "lists as a whole"},
      {R"({"roles":{"x":{"displayName":"n"}}})", "roles", "a map as a whole"},
      {R"({"proof":{"@type":"a/b","x":{"y":1}}})", "proof", "an Any as a whole"},
      {R"({"proof":{"x":{"@type":1},"@type":"a/b"}})", "proof", "its type may stand anywhere"},
      {R"({"proof":{"x":{"@type":1}}})",
       "! could not find field @type in \"proof\" in message \"penstock.transcode.test.Document\"",
       "an Any needs a type"},
      {R"({"proof":{}})", "! could not find field @type in \"proof\" in message \"penstock.transcode.test.Document\"",
       "even an empty one"},
      {R"({"labels":{"a":{"b":1,"c":[]},"d":{}}})", "labels.a.b,labels.a.c,labels.d", "a Struct by its members"},
      {R"({"extra":{"a":1}})", "extra.a", "a Value that is a Struct"},
      {R"({"extra":[{"a":1}]})", "extra", "a Value that is a list"},
      {R"({"lender":{"displayName":"n"}})", "lender.display_name", "a member of a oneof"},
      {"{\"t\\u0069tle\" : 1}", "title", "an escaped key"},
      {R"({"x":1})", "! could not find field \"x\" in \"penstock.transcode.test.Document\"", "an unknown key"},
      {R"({"author":{"x":1}})", "! could not find field \"x\" in \"penstock.transcode.test.Document.Author\"",
       "a nested one"},
      {"[]", "", "no object"},
  };
  for (const auto& row : kRows) EXPECT_EQ(Mask(row.json), row.paths) << row.reason;
}

TEST(BodyMaskTest, IsBounded) {
  // A long key above many leaves: each path repeats it.
  std::string json = absl::StrCat("{\"labels\":{\"", std::string(10000, 'k'), "\":{");
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&json, i == 0 ? "" : ",", "\"", i, "\":0");
  json += "}}}";
  EXPECT_EQ(Mask(json), "! the body sets too many fields to name in a mask: send the mask, too");
}

TEST(BodyMaskTest, RefusesWhatIsNoJson) {
  for (const char* json : {"{", "{\"title\"", "{\"title\":", "{\"title\":1", "{1", "{\"labels\":{\"a\""}) {
    EXPECT_EQ(Mask(json)[0], '!') << json;
  }
}

}  // namespace
}  // namespace penstock::binding
