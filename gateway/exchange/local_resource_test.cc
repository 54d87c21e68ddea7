#include "gateway/exchange/local_resource.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace penstock {
namespace {

http::RequestHead Head(const std::string& method) {
  http::RequestHead head;
  head.method = method;
  return head;
}

TEST(DocumentResource, AnswersAtItsPathWhileThereIsADocument) {
  DocumentResource resource("/console/methods");
  EXPECT_FALSE(resource.Find(Head("GET"), "/console/methods")) << "there is none yet";
  resource.Set(std::make_shared<const std::string>("{}"));
  EXPECT_FALSE(resource.Find(Head("GET"), "/console"));
  for (const char* method : {"GET", "HEAD"}) {
    const auto reply = resource.Find(Head(method), "/console/methods");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "{}");
    EXPECT_EQ(*http::FindHeader(reply->headers, "Content-Type"), "application/json");
    EXPECT_EQ(*http::FindHeader(reply->headers, "Cache-Control"), "no-cache");
  }
  resource.Set(nullptr);
  EXPECT_FALSE(resource.Find(Head("GET"), "/console/methods"));
}

TEST(DocumentResource, IsReadOnly) {
  DocumentResource resource("/x");
  resource.Set(std::make_shared<const std::string>("{}"));
  const auto reply = resource.Find(Head("POST"), "/x");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 405);
  EXPECT_EQ(*http::FindHeader(reply->headers, "Allow"), "GET, HEAD");
  EXPECT_NE(reply->body.find("\"code\":12"), std::string::npos) << reply->body;
}

}  // namespace
}  // namespace penstock
