// reference_gateway serves everything.proto and its companions with grpc-gateway v2, as the reference of the
// differential test. The packages everything and overlap are generated at build time. Services are registered in the
// order of their files, because the order of routes depends on it.
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
