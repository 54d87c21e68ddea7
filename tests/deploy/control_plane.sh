# shellcheck shell=bash
# Sourced by apiserver.sh and cluster.sh: runs etcd and kube-apiserver on loopback, with Kubernetes' default admission,
# and stops them when the script exits. The array `kubectl` is the command line for this server.
#
#   start_control_plane FOLDER [FLAGS OF kube-apiserver...]    # with the programs in FOLDER/bin
#   check "the namespace" "${kubectl[@]}" get namespace default

scratch=${CLUSTER_SCRATCH:-$(mktemp -d)}
pids=()
end() {
  local pid deadline=$((SECONDS + 10))
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || :
  for pid in "${pids[@]}"; do
    # Without etcd, the API server takes long to exit: kill it after 10 s.
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || :
  done
  { wait; } 2>/dev/null
  [ -n "${CLUSTER_SCRATCH:-}" ] || rm -rf --one-file-system "$scratch"
}
trap end EXIT

die() { echo "${0##*/}: $*" >&2; exit 1; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start() {  # start NAME PROGRAM FLAGS...
  local name=$1
  shift
  "$@" >"$scratch/$name.log" 2>&1 &
  pids+=($!)
}
wait_for() {  # wait_for NAME COMMAND...: waits until the command succeeds
  local name=$1 deadline=$((SECONDS + 180))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "${pids[-1]}" 2>/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
      tail -n 20 "$scratch/$name.log" >&2
      die "$name is not ready; the end of its log is above"
    fi
    sleep 0.2
  done
}

start_control_plane() {
  local bin=$1/bin etcd_port peer_port
  shift
  etcd_port=$(free_port) peer_port=$(free_port) port=$(free_port)
  start etcd "$bin/etcd" --data-dir "$scratch/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
    --advertise-client-urls "http://127.0.0.1:$etcd_port" --listen-peer-urls "http://127.0.0.1:$peer_port" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" --initial-cluster "default=http://127.0.0.1:$peer_port"
  wait_for etcd curl -fs "http://127.0.0.1:$etcd_port/health"
  openssl genrsa -out "$scratch/accounts.key" 2048 2>/dev/null
  token=$(openssl rand -hex 16)
  echo "$token,admin,admin,system:masters" > "$scratch/tokens"
  start kube-apiserver "$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 \
    --secure-port "$port" --cert-dir "$scratch/certificates" --token-auth-file "$scratch/tokens" \
    --authorization-mode RBAC --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$scratch/accounts.key" --service-account-signing-key-file "$scratch/accounts.key" \
    --service-cluster-ip-range 10.0.0.0/24 "$@"
  export KUBECONFIG=$scratch/none HOME=$scratch
  kubectl=("$bin/kubectl" --server "https://127.0.0.1:$port" --insecure-skip-tls-verify --token "$token")
  wait_for kube-apiserver "${kubectl[@]}" get --raw /readyz
  echo "kube-apiserver $("${kubectl[@]}" version | sed -n 's/Server Version: //p')"
}

passed=0 failed=0
# check WHAT COMMAND...: passes if the command succeeds and its output has no warning of the server.
check() {
  local what=$1 output
  shift
  if output=$("$@" 2>&1) && [[ $output != *Warning:* ]]; then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    printf 'failed: %s\n%s\n' "$what" "$output"
  fi
}
