// A third protocol beside the native one, made up here: bodies, records, endings, errors, metadata and deadlines of its
// own, without a line changed in what it runs on.
//
//   request    content-type application/x-shout; the body is the message's wire bytes in hexadecimal, X-Patience the
//              deadline in seconds, X-Say metadata
//   response   always 200; each message is "<length>:<hex>;", and the end, of whatever kind, "!<code> <message>"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/exchange/testing/exchange_harness.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

void AppendEnd(const absl::Status& status, std::string* out) {
  absl::StrAppend(out, "!", static_cast<int>(status.code()), " ", status.message());
}

void AppendFramed(absl::string_view message, std::string* out) {
  absl::StrAppend(out, message.size(), ":", absl::BytesToHexString(message), ";");
}

class Shouts final : public StreamFormat {
 public:
  bool head_goes_alone() const override { return false; }
  bool ends_in_band() const override { return true; }
  absl::string_view heartbeat() const override { return ""; }
  void AppendHeaders(const Schema::Route& /*route*/, absl::optional<absl::string_view> /*first*/,
                     http::Headers* headers) const override {
    headers->push_back({"Content-Type", "application/x-shout"});
  }
  absl::Status AppendRecord(const Schema::Route& /*route*/, absl::string_view message, size_t /*max_bytes*/,
                            std::string* out) const override {
    AppendFramed(message, out);
    return absl::OkStatus();
  }
  void AppendEnding(const StreamEnd& end, std::string* out) const override { AppendEnd(end.status, out); }
};

class HexReader final : public RequestReader {
 public:
  absl::Status Take(absl::string_view data, Sink /*sink*/) override {
    absl::StrAppend(&hex_, data);
    return absl::OkStatus();
  }
  absl::Status End(Sink sink) override {
    if (hex_.size() % 2 != 0) return absl::InvalidArgumentError("half a byte");
    std::string wire = absl::HexStringToBytes(hex_);
    return sink(&wire);
  }

 private:
  std::string hex_;
};

class ShoutProtocol final : public Protocol {
 public:
  absl::string_view name() const override { return "shout"; }
  bool Claims(const http::RequestHead& head) const override {
    const std::string* type = http::FindHeader(head.headers, "content-type");
    return type != nullptr && *type == "application/x-shout";
  }
  bool guards_against_csrf() const override { return false; }
  Answer Unrouted(const http::RequestHead& /*head*/, const route::Router::Match& /*match*/,
                  absl::string_view path) const override {
    return Fail({absl::UnimplementedError(path)}, {nullptr, false, false, {}, {}});
  }
  Admission Admit(const http::RequestHead& head, const Schema::Route& route) const override {
    static const Shouts kShouts;
    Admission admission;
    if (route.method->server_streaming) admission.format = &kShouts;
    const std::string* patience = http::FindHeader(head.headers, "x-patience");
    int seconds = 0;
    if (patience != nullptr && !absl::SimpleAtoi(*patience, &seconds)) {
      admission.refusal = Failure{absl::InvalidArgumentError("impatient")};
    } else if (patience != nullptr) {
      admission.timeout = absl::Seconds(seconds);
    }
    return admission;
  }
  std::unique_ptr<RequestReader> NewReader(RequestReader::Source /*source*/) const override {
    return std::make_unique<HexReader>();
  }
  upstream::Metadata RequestMetadataOf(const http::RequestHead& head) const override {
    const std::string* say = http::FindHeader(head.headers, "x-say");
    return say == nullptr ? upstream::Metadata() : upstream::Metadata{{"said", *say}};
  }
  void AppendCommonHeaders(http::Headers* headers) const override { headers->push_back({"X-Shout", "1"}); }
  void AppendMetadata(const upstream::Metadata& metadata, http::Headers* headers) const override {
    for (const auto& [name, value] : metadata) headers->push_back({"X-" + name, value});
  }
  http::Headers TrailersOf(const upstream::Metadata& /*trailers*/) const override { return {}; }
  absl::Status StatusOf(absl::Status sent) const override { return sent; }
  absl::Status Print(const Schema::Route& /*route*/, absl::string_view message, size_t /*max_bytes*/,
                     PrintedMessage* printed) const override {
    AppendFramed(message, &printed->body);
    return absl::OkStatus();
  }
  Answer Complete(const Schema::Route& /*route*/, PrintedMessage printed, const CallMetadata& metadata,
                  bool /*sends_trailers*/) const override {
    Answer answer{200, absl::StatusCode::kOk, {}, std::move(printed.body)};
    AppendMetadata(metadata.headers, &answer.headers);
    AppendEnd(absl::OkStatus(), &answer.body);
    return answer;
  }
  Answer Fail(const Failure& failure, const FailedRequest& /*request*/) const override {
    Answer answer{200, failure.status.code(), {}, ""};
    AppendEnd(failure.status, &answer.body);
    return answer;
  }
};

class ExchangeProtocolTest : public ExchangeTest {
 protected:
  ExchangeProtocolTest() {
    std::vector<std::unique_ptr<const Protocol>> both;
    both.push_back(std::make_unique<ShoutProtocol>());
    both.push_back(std::make_unique<NativeProtocol>(MetadataOptions()));
    protocols_ = ProtocolSet(std::move(both));
  }

  void Shout(const std::string& path, const std::string& hex, http::Headers headers = {}) {
    response_ = FakeResponse();
    headers.push_back({"content-type", "application/x-shout"});
    Send("POST", path, hex, std::move(headers));
  }
};

TEST_F(ExchangeProtocolTest, AStreamIsSpokenItsWay) {
  Shout("/v1/ticks:subscribe", "0a026869", {{"x-patience", "7"}, {"x-say", "hello"}});
  ASSERT_NE(channel_.handler, nullptr);
  EXPECT_THAT(channel_.sent, ElementsAre("\x0a\x02hi"));
  EXPECT_THAT(channel_.request.metadata, ElementsAre(Pair("said", "hello")));
  EXPECT_EQ(channel_.request.timeout, absl::Seconds(7));
  channel_.handler->OnCallMetadata({{"k", "v"}});
  channel_.handler->OnCallMessage("\x08\x01", 2);
  channel_.handler->OnCallMessage("\x08\x02", 2);
  EXPECT_EQ(response_.Header("Content-Type"), "application/x-shout");
  EXPECT_EQ(response_.Header("X-k"), "v");
  EXPECT_EQ(response_.Header("X-Shout"), "1");
  EndCall(absl::AbortedError("enough"));
  EXPECT_EQ(response_.body, "2:0801;2:0802;!10 enough");
  EXPECT_TRUE(response_.finished);
}

TEST_F(ExchangeProtocolTest, AMethodWithOneMessageToo) {
  Shout("/v1/everything:echo", "");
  channel_.handler->OnCallMessage("\x08\x01", 2);
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.status, 200);
  EXPECT_EQ(response_.body, "2:0801;!0 ");
}

TEST_F(ExchangeProtocolTest, ErrorsBeforeTheHeadAreItsOwn) {
  struct Row {
    const char* why;
    const char* path;
    const char* body;
    http::Headers headers;
    const char* answer;
  };
  const Row rows[] = {
      {"no such route", "/nowhere", "", {}, "!12 /nowhere"},
      {"a refusal by the head", "/v1/ticks:subscribe", "", {{"x-patience", "soon"}}, "!3 impatient"},
      {"a body that cannot be read", "/v1/ticks:subscribe", "0a0", {}, "!3 half a byte"},
  };
  for (const Row& row : rows) {
    Shout(row.path, row.body, row.headers);
    EXPECT_EQ(response_.status, 200) << row.why;
    EXPECT_EQ(response_.body, row.answer) << row.why;
    EXPECT_EQ(channel_.handler, nullptr) << row.why;
  }
  Shout("/v1/ticks:subscribe", "");
  EndCall(absl::UnavailableError("gone"));
  EXPECT_EQ(response_.body, "!14 gone") << "a call that failed before its first message";
}

TEST_F(ExchangeProtocolTest, TheNativeOneIsSpokenBesideIt) {
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  EXPECT_EQ(response_.Header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(response_.Header("X-Shout"), "");
}

}  // namespace
}  // namespace penstock
