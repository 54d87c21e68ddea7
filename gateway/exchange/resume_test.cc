#include "gateway/exchange/resume.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

// "id|query that is left", or "! error".
std::string Take(const http::Headers& headers, std::string query) {
  absl::optional<std::string> id;
  const absl::Status status = TakeLastEventId(headers, &query, &id);
  if (!status.ok()) return "! " + std::string(status.message());
  return id.value_or("none") + "|" + query;
}

TEST(Resume, TheIdIsTheHeadersOrTheQuerys) {
  const http::Headers header = {{"last-event-id", "7"}};
  EXPECT_EQ(Take({}, ""), "none|");
  EXPECT_EQ(Take({}, "a=1&b=2"), "none|a=1&b=2");
  EXPECT_EQ(Take(header, "a=1"), "7|a=1");
  EXPECT_EQ(Take({}, "last_event_id=6&a=1"), "6|a=1");
  EXPECT_EQ(Take({}, "a=1&last_event_id=6&b=%20"), "6|a=1&b=%20") << "the rest stays as it is";
  EXPECT_EQ(Take(header, "last_event_id=6"), "7|") << "the URL's is older";
  EXPECT_EQ(Take({}, "last_event_id=a%2Fb+c"), "a/b c|");
  EXPECT_EQ(Take({{"last-event-id", ""}}, "last_event_id="), "none|") << "an empty one is none";
}

TEST(Resume, WhatIsNoIdIsAnError) {
  EXPECT_EQ(Take({}, "last_event_id=1&last_event_id=2"), "! query parameter last_event_id: comes twice");
  EXPECT_EQ(Take({}, "last_event_id=%z"),
            "! query parameter last_event_id: a % needs two hexadecimal digits behind it");
}

}  // namespace
}  // namespace penstock
