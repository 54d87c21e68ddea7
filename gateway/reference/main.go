// reference-gateway serves the tick service by grpc-gateway v2: what Penstock is compared with, and a stand-in for it.
// The package tick is generated from proto/penstock/tick/v1/tick.proto when this is built.
package main

import (
	"penstock/reference/serve"
	"penstock/reference/tick"
)

func main() { serve.Main("reference-gateway", tick.RegisterTickServiceHandler) }
