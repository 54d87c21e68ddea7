// Package serve is the process around an API that grpc-gateway has generated: flags, listeners, readiness, the way out.
//
//	func main() { serve.Main("reference-gateway", tick.RegisterTickServiceHandler) }
//
// The gateway itself has its default options, and net/http its default server: what it answers is what anyone gets who
// follows grpc-gateway's own instructions. Added are the message types of google.rpc's error details, without which it
// cannot print them; GET /healthz, which asks the upstream's grpc.health.v1; and files at paths that exist in --web-root.
package serve

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// Register adds one service's routes, as the generated Register…Handler functions do.
type Register func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error

type options struct {
	listen, adminListen, upstream, webRoot string
	drainWindow                            time.Duration
	unescape                               string
	legacyMetadataHeaders                  bool
}

var unescapingModes = map[string]runtime.UnescapingMode{
	"legacy":              runtime.UnescapingModeLegacy,
	"all-except-reserved": runtime.UnescapingModeAllExceptReserved,
	"all-except-slash":    runtime.UnescapingModeAllExceptSlash,
	"all":                 runtime.UnescapingModeAllCharacters,
}

// Main serves until SIGTERM or SIGINT and ends the process: 0 then, 1 where something failed, 2 for wrong flags. The
// order of registers is the order of the routes: grpc-gateway asks the last one first.
func Main(name string, registers ...Register) {
	log.SetFlags(0)
	log.SetPrefix(name + ": ")
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` to serve HTTP on; port 0 for a free one")
	flag.StringVar(&o.adminListen, "admin-listen", "127.0.0.1:9901", "`address` of /livez and /readyz")
	flag.StringVar(&o.upstream, "upstream", "", "`address` of the gRPC server")
	flag.StringVar(&o.webRoot, "web-root", "", "`folder` of files to serve beside the API")
	flag.DurationVar(&o.drainWindow, "drain-window", 10*time.Second, "what open requests get at the end")
	flag.StringVar(&o.unescape, "unescape", "legacy", "`mode` of path decoding: legacy, all-except-reserved, all-except-slash, all")
	flag.BoolVar(&o.legacyMetadataHeaders, "legacy-metadata-headers", false, "forward Grpc-Metadata-* as metadata")
	flag.Parse()
	if _, known := unescapingModes[o.unescape]; !known || o.upstream == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(name, o, registers); err != nil {
		log.Fatal(err)
	}
}

func run(name string, o options, registers []Register) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	upstream, err := grpc.NewClient(o.upstream, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("--upstream: %w", err)
	}
	defer upstream.Close()
	health := grpc_health_v1.NewHealthClient(upstream)
	api := runtime.NewServeMux(muxOptions(o, health)...)
	for _, register := range registers {
		if err := register(ctx, api, upstream); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	adminListener, err := net.Listen("tcp", o.adminListen)
	if err != nil {
		return fmt.Errorf("--admin-listen: %w", err)
	}
	server := &http.Server{Handler: withFiles(o.webRoot, api)}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- http.Serve(adminListener, admin(health)) }()
	fmt.Printf("%s ready http=%s admin=%s\n", name, listener.Addr(), adminListener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	return drain(server, o.drainWindow)
}

func muxOptions(o options, health grpc_health_v1.HealthClient) []runtime.ServeMuxOption {
	options := []runtime.ServeMuxOption{
		runtime.WithHealthzEndpoint(health), runtime.WithUnescapingMode(unescapingModes[o.unescape]),
	}
	if o.legacyMetadataHeaders {
		options = append(options, runtime.WithLegacyHeaderMatching())
	}
	return options
}

// Streams have no end of their own: what is open after the window is cut.
func drain(server *http.Server, window time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), window)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}
