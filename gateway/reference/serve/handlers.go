package serve

import (
	"context"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"
)

// withFiles answers GET and HEAD of what root holds; everything else, and everything without a root, goes to api
// untouched (http.ServeMux would clean paths and redirect).
func withFiles(root string, api http.Handler) http.Handler {
	if root == "" {
		return api
	}
	files := http.FileServer(http.Dir(root))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			if _, err := os.Stat(filepath.Join(root, path.Clean("/"+r.URL.Path))); err == nil {
				files.ServeHTTP(w, r)
				return
			}
		}
		api.ServeHTTP(w, r)
	})
}

// admin answers /livez always and /readyz when the upstream says that it serves.
func admin(health grpc_health_v1.HealthClient) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		reply, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		case reply.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING:
			http.Error(w, "the upstream is "+reply.GetStatus().String(), http.StatusServiceUnavailable)
		default:
			w.Write([]byte("ok\n"))
		}
	})
	return mux
}
