#!/usr/bin/env bash
# apiserver.sh: what a real Kubernetes API server says to the manifests in deploy/.
#
#   tests/deploy/apiserver.sh      # ends with "N passed, N failed"
#
# Starts one on loopback, with Kubernetes' default admission, and applies the overlays server-side:
# `dev` while the server knows Kubernetes' own types only, `prod` when it has the CRDs too. Then each pod template is
# sent as a pod, so that Pod Security judges it where it is enforced. Nothing runs the pods: that takes a node.
# By hand and not in CI: its tools take a quarter of an hour to compile the first time (tools/fetch apiserver).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

. tests/deploy/control_plane.sh
crds=$(tools/fetch kubernetes)/crds
start_control_plane "$(tools/fetch apiserver)"

# refuse WHAT WORDS COMMAND...: fails with WORDS.
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
