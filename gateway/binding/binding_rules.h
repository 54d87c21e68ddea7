// How requests and responses are bound: the two dialects, as far as fields are concerned.
#ifndef PENSTOCK_GATEWAY_BINDING_BINDING_RULES_H_
#define PENSTOCK_GATEWAY_BINDING_BINDING_RULES_H_

namespace penstock::binding {

enum class BindingRules {
  kNative,       // strictly: whatever cannot be bound is an error
  kGrpcGateway,  // as grpc-gateway v2 does, its error texts included: see go_query and go_text
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_BINDING_RULES_H_
