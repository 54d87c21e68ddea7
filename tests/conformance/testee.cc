// The program under test for protobuf's conformance runner: reads a message with the gateway's transcoder and writes it
// in the requested format.
//
//   testee DESCRIPTOR_SET
//
// Types come from a descriptor set, as in the gateway, and no message objects are created. Requests arrive on standard
// input, responses go to standard output, each after its length in four little-endian bytes. Only cases with JSON as
// input or output are answered; formats that the gateway does not use (text format, JSPB, protobuf to protobuf) and
// editions, which the system's libprotobuf does not support, are skipped explicitly.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "conformance/conformance.pb.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/wire_to_json.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock {
namespace {

using conformance::ConformanceRequest;
using conformance::ConformanceResponse;

// No case comes near it.
constexpr uint32_t kMaxRequestBytes = 64 * 1024 * 1024;
constexpr size_t kMaxJsonBytes = 64 * 1024 * 1024;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

// JSON in: its wire bytes are the answer, or what the JSON is made from.
ConformanceResponse FromJson(const codec::MessagePlan& plan, const ConformanceRequest& request) {
  ConformanceResponse response;
  const bool ignore = request.test_category() == conformance::JSON_IGNORE_UNKNOWN_PARSING_TEST;
  std::string wire;
  const absl::Status read = codec::JsonToWire(plan, request.json_payload(), &wire, {.ignore_unknown = ignore});
  if (!read.ok()) {
    response.set_parse_error(Text(read));
  } else if (request.requested_output_format() == conformance::PROTOBUF) {
    response.set_protobuf_payload(wire);
  } else {
    const absl::Status printed = codec::WireToJson(plan, wire, kMaxJsonBytes, response.mutable_json_payload());
    if (!printed.ok()) response.set_serialize_error(Text(printed));
  }
  return response;
}

ConformanceResponse ToJson(const codec::MessagePlan& plan, const ConformanceRequest& request) {
  ConformanceResponse response;
  const absl::Status printed =
      codec::WireToJson(plan, request.protobuf_payload(), kMaxJsonBytes, response.mutable_json_payload());
  if (!printed.ok()) response.set_serialize_error(Text(printed));
  return response;
}

ConformanceResponse Skipped(const std::string& what) {
  ConformanceResponse response;
  response.set_skipped(what);
  return response;
}

ConformanceResponse Answer(const codec::PlanSet& plans, const ConformanceRequest& request) {
  // The first request: which cases are known to fail. The runner has its list from a file.
  if (request.message_type() == conformance::FailureSet::descriptor()->full_name()) {
    ConformanceResponse response;
    response.set_protobuf_payload(conformance::FailureSet().SerializeAsString());
    return response;
  }
  const bool from_json = request.payload_case() == ConformanceRequest::kJsonPayload;
  const bool from_wire = request.payload_case() == ConformanceRequest::kProtobufPayload;
  const bool to_json = request.requested_output_format() == conformance::JSON;
  const bool to_wire = request.requested_output_format() == conformance::PROTOBUF;
  if (!(from_json && (to_json || to_wire)) && !(from_wire && to_json)) return Skipped("no JSON on either side");
  const codec::MessagePlan* plan = plans.Find(request.message_type());
  if (plan == nullptr) return Skipped(absl::StrCat("the schema has no ", request.message_type()));
  return from_json ? FromJson(*plan, request) : ToJson(*plan, request);
}

// The types of a descriptor set as protoc writes it, imports before what imports them; built in `pool`.
absl::StatusOr<std::unique_ptr<const codec::PlanSet>> ReadTypes(const char* path,
                                                                google::protobuf::DescriptorPool* pool) {
  std::ifstream stream(path, std::ios::binary);
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromIstream(&stream)) return absl::InvalidArgumentError(absl::StrCat(path, " is no descriptor set"));
  std::vector<const google::protobuf::FileDescriptor*> built;
  for (const google::protobuf::FileDescriptorProto& file : files.file()) {
    built.push_back(pool->BuildFile(file));  // says what is wrong on standard error
    if (built.back() == nullptr) return absl::InvalidArgumentError(absl::StrCat(file.name(), " does not compile"));
  }
  // Fields without presence are printed when they are set: JSON that reads back as the message that it was.
  return codec::PlanSet::Build(built, {.unpopulated = false});
}

// False: the input ends here, as it does after the last case.
bool ReadRequest(std::istream& in, ConformanceRequest* request) {
  unsigned char head[4];
  if (!in.read(reinterpret_cast<char*>(head), sizeof head)) return false;
  const uint32_t size = head[0] | head[1] << 8 | head[2] << 16 | static_cast<uint32_t>(head[3]) << 24;
  std::string bytes(size <= kMaxRequestBytes ? size : 0, '\0');
  if (size > kMaxRequestBytes || !in.read(bytes.data(), size) || !request->ParseFromString(bytes)) {
    std::cerr << "testee: a request of " << size << " bytes that is none\n";
    std::exit(1);
  }
  return true;
}

void WriteResponse(const ConformanceResponse& response, std::ostream& out) {
  const std::string bytes = response.SerializeAsString();
  for (int shift = 0; shift < 32; shift += 8) out.put(static_cast<char>(bytes.size() >> shift));
  out << bytes << std::flush;
}

int Main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: testee DESCRIPTOR_SET\n";
    return 2;
  }
  google::protobuf::DescriptorPool pool;
  const auto types = ReadTypes(argv[1], &pool);
  if (!types.ok()) {
    std::cerr << "testee: " << types.status() << "\n";
    return 1;
  }
  ConformanceRequest request;
  while (ReadRequest(std::cin, &request)) WriteResponse(Answer(**types, request), std::cout);
  return 0;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) { return penstock::Main(argc, argv); }
