// reference_gateway serves everything.proto and its companions by grpc-gateway v2: the oracle of the differential test.
// The packages everything and overlap are generated when this is built. Services are registered in the order in which
// their files declare them, as the order of routes depends on it.
package main

import (
	"penstock/reference/everything"
	"penstock/reference/overlap"
	"penstock/reference/serve"
)

func main() {
	serve.Main("reference_gateway",
		everything.RegisterEverythingServiceHandler,
		everything.RegisterFaultServiceHandler,
		everything.RegisterLibraryServiceHandler,
		everything.RegisterBindingServiceHandler,
		everything.RegisterStreamServiceHandler,
		everything.RegisterMetadataServiceHandler,
		everything.RegisterHttpBodyServiceHandler,
		everything.RegisterProto2ServiceHandler,
		overlap.RegisterOverlapServiceHandler,
	)
}
