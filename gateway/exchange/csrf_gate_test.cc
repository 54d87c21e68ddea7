#include "gateway/exchange/csrf_gate.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

TEST(Csrf, WhatAForeignPageMaySendWithoutAskingIsForgeable) {
  const struct {
    const char* why;
    std::string method;
    http::Headers headers;
    bool has_body;
    bool forgeable;
  } kRows[] = {
      {"curl", "POST", {}, true, false},
      {"a form of another origin",
       "POST",
       {{"origin", "https://evil.example"}, {"content-type", "application/x-www-form-urlencoded"}},
       true,
       true},
      {"fetch() of text",
       "POST",
       {{"origin", "https://evil.example"}, {"content-type", "Text/Plain;charset=UTF-8"}},
       true,
       true},
      {"a multipart form",
       "POST",
       {{"origin", "https://evil.example"}, {"content-type", "multipart/form-data; boundary=x"}},
       true,
       true},
      {"a Blob without a type", "POST", {{"origin", "https://evil.example"}}, true, true},
      {"no body at all", "POST", {{"origin", "https://evil.example"}}, false, true},
      {"a sandboxed frame", "POST", {{"origin", "null"}}, true, true},
      {"another port is another origin", "POST", {{"origin", "http://gateway.example:8080"}}, true, true},
      {"a page of our own", "POST", {{"origin", "https://gateway.example"}}, true, false},
      {"whatever the case of its host", "POST", {{"origin", "https://Gateway.Example"}}, true, false},
      {"the browser says that it is of another site", "POST", {{"sec-fetch-site", "cross-site"}}, true, true},
      {"of a sibling", "POST", {{"sec-fetch-site", "same-site"}, {"origin", "https://gateway.example"}}, true, true},
      {"the browser says that it is our own, behind a proxy that changed the host",
       "POST",
       {{"sec-fetch-site", "same-origin"}, {"origin", "https://public.example"}},
       true,
       false},
      {"typed in by a person", "POST", {{"sec-fetch-site", "none"}}, false, false},
      {"JSON needs a preflight",
       "POST",
       {{"origin", "https://evil.example"}, {"content-type", "application/json"}},
       true,
       false},
      {"without a body too",
       "POST",
       {{"origin", "https://evil.example"}, {"content-type", "application/json"}},
       false,
       false},
      {"GET changes nothing", "GET", {{"origin", "https://evil.example"}}, false, false},
      {"PUT needs a preflight", "PUT", {{"origin", "https://evil.example"}}, true, false},
  };
  for (const auto& row : kRows) {
    http::RequestHead head;
    head.method = row.method;
    head.headers = row.headers;
    head.has_body = row.has_body;
    head.authority = "gateway.example";
    EXPECT_EQ(IsForgeable(head), row.forgeable) << row.why;
  }
}

}  // namespace
}  // namespace penstock
