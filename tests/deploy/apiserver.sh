#!/usr/bin/env bash
# apiserver.sh: what a real Kubernetes API server says to the manifests in deploy/.
#
#   tests/deploy/apiserver.sh      # ends with "N passed, N failed"
#
# Starts etcd and kube-apiserver on loopback, with Kubernetes' default admission, and applies the overlays server-side:
# `dev` while the server knows Kubernetes' own types only, `prod` when it has the CRDs too. Then each pod template is
# sent as a pod, so that Pod Security judges it where it is enforced. Nothing runs the pods: that takes a node.
# By hand and not in CI: its tools take a quarter of an hour to compile the first time (tools/fetch apiserver).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bin=$(tools/fetch apiserver)/bin
crds=$(tools/fetch kubernetes)/crds
scratch=$(mktemp -d)
pids=()
end() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || :
  wait
  rm -rf "$scratch"
}
trap end EXIT

die() { echo "apiserver.sh: $*" >&2; exit 1; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start() {  # start NAME FLAGS...
  local name=$1
  shift
  "$bin/$name" "$@" >"$scratch/$name.log" 2>&1 &
  pids+=($!)
}
wait_for() {  # wait_for NAME COMMAND...: until it succeeds
  local name=$1 deadline=$((SECONDS + 180))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "${pids[-1]}" 2>/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
      tail -n 20 "$scratch/$name.log" >&2
      die "$name is not ready (its last words are above)"
    fi
    sleep 0.2
  done
}

etcd_port=$(free_port) peer_port=$(free_port) port=$(free_port)
start etcd --data-dir "$scratch/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
  --advertise-client-urls "http://127.0.0.1:$etcd_port" --listen-peer-urls "http://127.0.0.1:$peer_port" \
  --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" --initial-cluster "default=http://127.0.0.1:$peer_port"
wait_for etcd curl -fs "http://127.0.0.1:$etcd_port/health"
openssl genrsa -out "$scratch/accounts.key" 2048 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" > "$scratch/tokens"
start kube-apiserver --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 --secure-port "$port" \
  --cert-dir "$scratch/certificates" --token-auth-file "$scratch/tokens" --authorization-mode RBAC \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$scratch/accounts.key" \
  --service-account-signing-key-file "$scratch/accounts.key" --service-cluster-ip-range 10.0.0.0/24
export KUBECONFIG=$scratch/none HOME=$scratch
kubectl=("$bin/kubectl" --server "https://127.0.0.1:$port" --insecure-skip-tls-verify --token "$token")
wait_for kube-apiserver "${kubectl[@]}" get --raw /readyz
echo "kube-apiserver $("${kubectl[@]}" version | sed -n 's/Server Version: //p')"

passed=0 failed=0
# check WHAT COMMAND...: succeeds, without a warning of the server's. refuse WHAT WORDS COMMAND...: fails with WORDS.
check() {
  local what=$1 words
  shift
  if words=$("$@" 2>&1) && [[ $words != *Warning:* ]]; then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    printf 'failed: %s\n%s\n' "$what" "$words"
  fi
}
refuse() {
  local what=$1 expected=$2 words
  shift 2
  if ! words=$("$@" 2>&1) && [[ $words == *$expected* ]]; then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    printf 'failed: %s\n%s\n' "$what" "$words"
  fi
}
apply() { "${kubectl[@]}" apply --server-side --validate=strict "$@"; }
# The pod that a Deployment would make, asked for and not made.
try_pod() {  # try_pod NAMESPACE DEPLOYMENT [EDIT OF ITS SPEC, IN PYTHON]
  "${kubectl[@]}" -n "$1" get deployment "$2" -o json | python3 -c '
import json, sys
template = json.load(sys.stdin)["spec"]["template"]
spec = template["spec"]
exec(sys.argv[1])
template["metadata"]["name"] = "tried"
json.dump({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": spec}, sys.stdout)
' "${3:-}" | "${kubectl[@]}" -n "$1" create --dry-run=server -f -
}

check "a bare cluster takes overlays/dev" apply -k deploy/overlays/dev
refuse "it does not know prod's types" 'no matches for kind "HTTPRoute"' apply -k deploy/overlays/prod
check "CRDs" apply -f "$crds"
check "CRDs are served" "${kubectl[@]}" wait --for condition=Established --timeout 60s -f "$crds"
check "overlays/prod" apply -k deploy/overlays/prod
for overlay in dev prod; do
  check "overlays/$overlay again changes nothing" "${kubectl[@]}" diff --server-side -k "deploy/overlays/$overlay"
done
for namespace in penstock-dev penstock; do
  for deployment in gateway ticks; do
    check "$namespace: the pods of $deployment are let in" try_pod "$namespace" "$deployment"
    refuse "$namespace: $deployment as root is not" 'violates PodSecurity "restricted' \
      try_pod "$namespace" "$deployment" 'spec["securityContext"] = {}'
  done
done
# In prod's namespace, and with other images: after everything that is asked of prod.
check "the Ingress variant" apply -k tests/deploy/ingress
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
