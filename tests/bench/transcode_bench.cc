// The cost of the transcoder, compared to libprotobuf's parser and JSON printer in the same run.
//
//   bazel run -c opt //tests/bench:transcode_bench
//
// Three messages: a tick (about 100 bytes of JSON), a nested message of about 1 KiB, and about 1 MiB of those. "Out" is
// wire to JSON, "In" is JSON to wire; libprotobuf uses a message of a generated class.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/wire_to_json.h"
#include "transcode_test.pb.h"

namespace penstock::transcode {
namespace {

const codec::PlanSet& Plans() {
  static const codec::PlanSet& plans =
      *codec::PlanSet::Build({test::Orders::descriptor()->file()}, codec::PrintOptions()).value().release();
  return plans;
}

test::Beat Tick() {
  test::Beat tick;
  tick.mutable_time()->set_seconds(1795361464);
  tick.mutable_time()->set_nanos(362719363);
  tick.set_message("hello, this is a tick");
  tick.set_sequence(123456);
  return tick;
}

test::Order Nested(int i) {
  test::Order order;
  order.set_id("order-" + std::to_string(i));
  *order.mutable_placed() = Tick().time();
  order.mutable_customer()->set_name("Ada Löwe, \"the first\"");
  order.mutable_customer()->set_number(i);
  for (int n = 0; n < 8; ++n) {
    test::Order::Line* line = order.add_lines();
    line->set_sku("sku-000" + std::to_string(n * i));
    line->set_quantity(n + 1);
    line->set_price(19.99 * (n + 1));
    line->set_color(test::COLOR_RED);
  }
  (*order.mutable_labels())["region"] = "eu-central";
  (*order.mutable_labels())["channel"] = "web";
  for (int n = 0; n < 6; ++n) order.add_history(int64_t{1795361464000} + n);
  return order;
}

test::Orders Repeated() {
  test::Orders orders;
  for (int i = 0; i < 1000; ++i) *orders.add_orders() = Nested(i);
  return orders;
}

void Check(bool ok) {
  if (ok) return;
  std::cerr << "a transcoder failed: the figures would mean nothing\n";
  std::abort();
}

std::string OurJson(const google::protobuf::Message& message) {
  std::string json;
  Check(codec::WireToJson(*Plans().Find(message.GetDescriptor()->full_name()), message.SerializeAsString(), 1 << 30,
                          &json)
            .ok());
  return json;
}

template <typename T>
void OutOurs(benchmark::State& state, const T& message) {
  const codec::MessagePlan& plan = *Plans().Find(message.GetDescriptor()->full_name());
  const std::string wire = message.SerializeAsString();
  std::string json;
  for (auto _ : state) {
    json.clear();
    Check(codec::WireToJson(plan, wire, 1 << 30, &json).ok());
    benchmark::DoNotOptimize(json.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * json.size()));
}

template <typename T>
void OutLibprotobuf(benchmark::State& state, const T& message) {
  const std::string wire = message.SerializeAsString();
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  for (auto _ : state) {
    T parsed;
    json.clear();
    Check(parsed.ParseFromString(wire) && google::protobuf::util::MessageToJsonString(parsed, &json, options).ok());
    benchmark::DoNotOptimize(json.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * json.size()));
}

template <typename T>
void InOurs(benchmark::State& state, const T& message) {
  const codec::MessagePlan& plan = *Plans().Find(message.GetDescriptor()->full_name());
  const std::string json = OurJson(message);
  std::string wire;
  for (auto _ : state) {
    wire.clear();
    Check(codec::JsonToWire(plan, json, &wire).ok());
    benchmark::DoNotOptimize(wire.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * json.size()));
}

template <typename T>
void InLibprotobuf(benchmark::State& state, const T& message) {
  const std::string json = OurJson(message);
  std::string wire;
  for (auto _ : state) {
    T parsed;
    Check(google::protobuf::util::JsonStringToMessage(json, &parsed).ok() && parsed.SerializeToString(&wire));
    benchmark::DoNotOptimize(wire.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * json.size()));
}

#define PENSTOCK_BENCH(direction, name, message)     \
  BENCHMARK_CAPTURE(direction##Ours, name, message); \
  BENCHMARK_CAPTURE(direction##Libprotobuf, name, message)

PENSTOCK_BENCH(Out, Tick, Tick());
PENSTOCK_BENCH(Out, Nested1KiB, Nested(7));
PENSTOCK_BENCH(Out, Repeated1MiB, Repeated());
PENSTOCK_BENCH(In, Tick, Tick());
PENSTOCK_BENCH(In, Nested1KiB, Nested(7));
PENSTOCK_BENCH(In, Repeated1MiB, Repeated());

}  // namespace
}  // namespace penstock::transcode

BENCHMARK_MAIN();
