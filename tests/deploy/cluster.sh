#!/usr/bin/env bash
# cluster.sh: runs overlays/dev on a real Kubernetes node and replaces both Deployments under live streams.
#
#   tests/deploy/cluster.sh      # the last line is "N passed, N failed"; as root; five minutes once its tools are built
#
# The node runs in its own namespaces, isolated from this machine: the control plane, kubelet, containerd with runc,
# kube-proxy, CoreDNS and a bridge for the pods. ./penstock image builds the images from binaries that Bazel has built.
# When the pods are ready, curl sends a request to the Service's address. Then 300 streams run while `kubectl rollout
# restart` replaces both Deployments: every stream that ends must have a final record and be resumed, with no tick lost
# and none repeated.
# Run by hand, not in CI: compiling its tools takes half an hour the first time (tools/fetch node_agents), and it needs
# root with namespaces and cgroups.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The node's data folders, on mounts of its own, so that it changes nothing on this machine.
node_folders=(/var/lib/kubelet /var/log/pods /var/log/containers /var/lib/cni)

# Runs the rest in new namespaces: processes that are still running are killed when this script exits.
if [ "${1:-}" != --inside ]; then
  [ "$(id -u)" = 0 ] || { echo "cluster.sh: namespaces and containers need root: run it with sudo" >&2; exit 1; }
  for program in buildah runc iptables ip gcc /usr/lib/cni/bridge; do
    command -v "$program" >/dev/null || {
      echo "cluster.sh: $program is missing: apt-get install" \
        "buildah runc iptables iproute2 gcc containernetworking-plugins" >&2
      exit 1
    }
  done
  tools/fetch apiserver >/dev/null
  tools/fetch node_agents >/dev/null
  bazel build --config=release --noshow_progress --ui_event_filters=-info \
    //gateway:penstock-gateway //service:penstock-ticks
  CLUSTER_SCRATCH=$(mktemp -d)
  export CLUSTER_SCRATCH
  made=()
  for folder in "${node_folders[@]}"; do
    [ -d "$folder" ] || { mkdir -p "$folder"; made+=("$folder"); }
  done
  status=0
  unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc "${BASH_SOURCE[0]}" --inside || status=$?
  rm -rf --one-file-system "$CLUSTER_SCRATCH"
  for folder in "${made[@]}"; do rmdir -p --ignore-fail-on-non-empty "$folder"; done
  # The containers' cgroups; those still in use cannot be removed.
  find /sys/fs/cgroup -depth -type d -path '*/k8s.io*' -exec rmdir {} + 2>/dev/null || :
  exit "$status"
fi

. tests/deploy/control_plane.sh
agents=$(tools/fetch node_agents)/bin
node_address=10.77.0.1 pods=10.88.0.0/16

# --- The node's environment ------------------------------------------------------------------------------------------

prepare_node() {
  ip link set lo up
  ip link add node0 type bridge
  ip address add "$node_address/24" dev node0
  ip link set node0 up
  # A route to the Service addresses, so that kube-proxy sees their traffic.
  ip route add 10.0.0.0/24 dev node0
  echo 1 > /proc/sys/net/ipv4/ip_forward
  # The machine's settings are read-only; those of this network namespace belong to the node.
  mount --bind /proc/sys/net "$(mkdir -p "$scratch/net" && echo "$scratch/net")"
  mount --bind -o ro /proc/sys /proc/sys
  mount --bind "$scratch/net" /proc/sys/net
  # Values that the kubelet requires.
  for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    file=$scratch/$(basename "${setting%=*}")
    echo "${setting#*=}" > "$file"
    mount --bind "$file" "/proc/sys/${setting%=*}"
  done
  for folder in /run "${node_folders[@]}"; do
    mount -t tmpfs tmpfs "$folder"
  done
  hostname node
  mkdir -p "$scratch/containerd" "$scratch/cni" "$scratch/kubelet"
  mount --make-shared --bind "$scratch/kubelet" /var/lib/kubelet
}

# --- Images ----------------------------------------------------------------------------------------------------------

image() {  # image TARGET BINARY NAME
  SOURCE_DATE_EPOCH=0 deploy/collect_libraries.sh "$scratch/$1-root" "$2"
  ./penstock image "$1" --engine buildah -- --pull=never --build-context "$1-root=$scratch/$1-root" >/dev/null
  buildah push -q "localhost/$3:$version" "oci-archive:$scratch/$3.tar:docker.io/library/$3:$version"
}

build_images() {
  # pause only keeps a pod's namespaces open.
  cat > "$scratch/pause.c" <<'C'
#include <unistd.h>
int main(void) { for (;;) pause(); }
C
  mkdir -p "$scratch/pause"
  gcc -static -O1 -o "$scratch/pause/pause" "$scratch/pause.c"
  printf 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n' > "$scratch/pause/Dockerfile"
  buildah bud --isolation chroot -q -t localhost/pause:1 "$scratch/pause" >/dev/null
  buildah push -q localhost/pause:1 "oci-archive:$scratch/pause.tar:localhost/pause:1"
  version=$(bazel-bin/gateway/penstock-gateway --version | cut -d' ' -f2)
  image gateway bazel-bin/gateway/penstock-gateway penstock-gateway
  image service bazel-bin/service/penstock-ticks penstock-ticks
}

# --- Control plane and node ------------------------------------------------------------------------------------------

start_masters() {
  start_control_plane "$(tools/fetch apiserver)" --advertise-address "$node_address" \
    --kubelet-preferred-address-types InternalIP
  cat > "$scratch/kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:$port", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: "$token"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
CONFIG
  start controller-manager "$agents/kube-controller-manager" --kubeconfig "$scratch/kubeconfig" --leader-elect=false \
    --service-account-private-key-file "$scratch/accounts.key" --bind-address 127.0.0.1
  start scheduler "$agents/kube-scheduler" --kubeconfig "$scratch/kubeconfig" --leader-elect=false \
    --bind-address 127.0.0.1
}

ctr() { "$agents/ctr" --address /run/containerd.sock --namespace k8s.io "$@" 2>/dev/null; }

start_containerd() {
  cat > "$scratch/cni/10-bridge.conflist" <<CONFIG
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "pods0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": "$scratch/ipam"}}]}
CONFIG
  cat > "$scratch/containerd.toml" <<CONFIG
version = 3
root = "$scratch/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd.sock"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "localhost/pause:1"
[plugins.'io.containerd.cri.v1.runtime']
  # Root may have fewer privileges than usual on this machine.
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "$scratch/cni"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
CONFIG
  start containerd env "PATH=$agents:$PATH" "$agents/containerd" --config "$scratch/containerd.toml"
  wait_for containerd ctr version
  for archive in pause penstock-gateway penstock-ticks; do
    ctr images import "$scratch/$archive.tar" >/dev/null
  done
}

start_dns() {
  cat > "$scratch/Corefile" <<CONFIG
.:53 {
  bind $node_address
  errors
  kubernetes cluster.local {
    kubeconfig $scratch/kubeconfig
    ttl 5
  }
}
CONFIG
  start coredns "$agents/coredns" -conf "$scratch/Corefile"
}

start_proxy() {
  cat > "$scratch/kube-proxy.yaml" <<CONFIG
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: node
clientConnection: {kubeconfig: "$scratch/kubeconfig"}
clusterCIDR: $pods
oomScoreAdj: 0
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
CONFIG
  start kube-proxy "$agents/kube-proxy" --config "$scratch/kube-proxy.yaml"
}

start_kubelet() {
  cat > "$scratch/kubelet.yaml" <<CONFIG
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/containerd.sock
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
address: $node_address
clusterDNS: [$node_address]
clusterDomain: cluster.local
cgroupDriver: cgroupfs
# The machine may use cgroup v1, and its cgroup layout must not change.
failCgroupV1: false
cgroupsPerQOS: false
enforceNodeAllocatable: []
evictionHard: {}
failSwapOn: false
oomScoreAdj: 0
resolvConf: ""
# Ignores kernel settings that root may not change here.
featureGates: {KubeletInUserNamespace: true}
CONFIG
  start kubelet "$agents/kubelet" --kubeconfig "$scratch/kubeconfig" --config "$scratch/kubelet.yaml" \
    --hostname-override node --node-ip "$node_address"
  wait_for kubelet "${kubectl[@]}" wait --for condition=Ready --timeout 1s node/node
}

# --- The test --------------------------------------------------------------------------------------------------------

show_pods() {
  "${kubectl[@]}" -n penstock-dev get pods -o wide
  "${kubectl[@]}" -n penstock-dev describe pods | tail -n 60
  tail -n 20 "$scratch/kubelet.log"
}

two_ticks() {
  curl --silent --show-error --fail --max-time 20 --json '{"message":"hello","count":2,"interval":"0.1s"}' \
    "http://$service/v1/ticks:subscribe" | tee /dev/stderr | grep -q '{"end":{"code":0}}'
}

rollout() {
  for deployment in ticks gateway; do
    "${kubectl[@]}" -n penstock-dev rollout restart "deployment/$deployment"
    "${kubectl[@]}" -n penstock-dev rollout status --timeout 300s "deployment/$deployment"
  done
  # The old pods exit within their grace period.
  "${kubectl[@]}" -n penstock-dev wait --for delete --timeout 90s pod \
    --selector "pod-template-hash notin ($(current_hashes))"
}

current_hashes() {
  "${kubectl[@]}" -n penstock-dev get replicasets -o json | python3 -c '
import json, sys
sets = json.load(sys.stdin)["items"]
print(",".join(s["metadata"]["labels"]["pod-template-hash"] for s in sets if s["spec"]["replicas"]))'
}

replace_under_load() {
  python3 -B tests/deploy/rollout_load.py "http://$service/v1/ticks:subscribe" --streams 300 -- \
    "$BASH" -c "$(declare -p kubectl); $(declare -f rollout current_hashes); set -e; rollout" | tee "$scratch/rollout"
}

prepare_node
build_images
start_masters
start_containerd
start_dns
start_proxy
start_kubelet

check "overlays/dev is accepted" "${kubectl[@]}" apply --server-side --validate=strict -k deploy/overlays/dev
for deployment in ticks gateway; do
  check "$deployment is rolled out" \
    "${kubectl[@]}" -n penstock-dev rollout status --timeout 180s "deployment/$deployment"
done
[ "$failed" -eq 0 ] || { show_pods; echo "$passed passed, $failed failed"; exit 1; }
service=$("${kubectl[@]}" -n penstock-dev get service gateway -o 'jsonpath={.spec.clusterIP}')
check "curl to the Service's address" two_ticks
forwarded=$(free_port)
start port-forward "${kubectl[@]}" -n penstock-dev port-forward service/gateway "$forwarded:80"
check "curl through kubectl port-forward" curl --silent --fail --retry 20 --retry-connrefused --retry-delay 1 \
  --json '{"count":1}' "http://127.0.0.1:$forwarded/v1/ticks:subscribe"
check "both Deployments are replaced under live streams" replace_under_load
grep -E '^ +[0-9]+ ' "$scratch/rollout"
"${kubectl[@]}" -n penstock-dev get pods -o wide
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
