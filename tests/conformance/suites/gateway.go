// Package gateway starts Penstock where grpc-gateway's integration tests start a gateway of their own.
package gateway

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	gwruntime "github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The services that their gateway registers. Their server has no reflection, so the descriptors come from here.
var services = []string{
	"EchoService", "UnannotatedEchoService", "StreamService", "ABitOfEverythingService", "FlowCombination",
	"ExcessBodyService", "NonStandardService", "ResponseBodyService",
}

const servicePackage = "grpc.gateway.examples.internal.proto.examplepb."

// Endpoint is where the gRPC server is.
type Endpoint struct {
	Network, Addr string
}

// Options are what the tests say. Mux holds Go functions, of which a process knows nothing: the ports tell which of
// them have a flag that does the same.
type Options struct {
	Addr       string
	GRPCServer Endpoint
	OpenAPIDir string
	Mux        []gwruntime.ServeMuxOption
}

func flagsOf(port string) []string {
	switch port {
	case ":8088": // WithLegacyHeaderMatching
		return []string{"--legacy-metadata-headers"}
	case ":8081": // UseProtoNames
		return []string{"--print-proto-names"}
	}
	return nil
}

func writeDescriptors(path string) error {
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	var add func(file protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		for i := 0; i < file.Imports().Len(); i++ {
			add(file.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	for _, name := range services {
		service, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(servicePackage + name))
		if err != nil {
			return err
		}
		add(service.ParentFile())
	}
	bytes, err := proto.Marshal(set)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes, 0o644)
}

// Run starts the gateway and returns when it has ended, which is soon after ctx.
func Run(ctx context.Context, options Options) error {
	folder, err := os.MkdirTemp("", "penstock")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	descriptors := filepath.Join(folder, "api.binpb")
	if err := writeDescriptors(descriptors); err != nil {
		return err
	}
	// What the tests wait for before they begin.
	if err := os.WriteFile(filepath.Join(folder, "healthz"), []byte("ok\n"), 0o644); err != nil {
		return err
	}
	flags := []string{
		"--dialect=grpc-gateway", "--listen=localhost" + options.Addr, "--admin-listen=127.0.0.1:0",
		"--upstream=" + options.GRPCServer.Addr, "--descriptors=" + descriptors, "--web-root=" + folder,
		"--api-config=" + os.Getenv("PENSTOCK_API_CONFIG"), "--drain-delay=0s", "--drain-window=0s", "--access-log=off",
	}
	for _, name := range services {
		flags = append(flags, "--expose="+servicePackage+name)
	}
	command := exec.Command(os.Getenv("PENSTOCK_GATEWAY"), append(flags, flagsOf(options.Addr)...)...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return fmt.Errorf("penstock-gateway exited unexpectedly: %v", err)
	case <-ctx.Done():
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		return <-ended
	}
}
