#!/usr/bin/env bash
# apiserver.sh: applies the manifests in deploy/ to a real Kubernetes API server.
#
#   tests/deploy/apiserver.sh      # the last line is "N passed, N failed"
#
# Starts the server on loopback, with Kubernetes' default admission, and applies the overlays server-side: `dev` while
# the server has Kubernetes' own types only, `prod` after the CRDs are installed. Then creates a pod from each pod
# template as a dry run, so that Pod Security evaluates it. There is no node, so no pod runs.
# Run by hand, not in CI: compiling its tools takes a quarter of an hour the first time (tools/fetch apiserver).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

. tests/deploy/control_plane.sh
crds=$(tools/fetch kubernetes)/crds
start_control_plane "$(tools/fetch apiserver)"

# refuse WHAT TEXT COMMAND...: passes if the command fails and its output contains TEXT.
refuse() {
  local what=$1 expected=$2 output
  shift 2
  if ! output=$("$@" 2>&1) && [[ $output == *$expected* ]]; then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    printf 'failed: %s\n%s\n' "$what" "$output"
  fi
}
apply() { "${kubectl[@]}" apply --server-side --validate=strict "$@"; }
# try_pod NAMESPACE DEPLOYMENT [PYTHON]: a dry run of creating the Deployment's pod, after PYTHON has changed its spec.
try_pod() {
  "${kubectl[@]}" -n "$1" get deployment "$2" -o json | python3 -c '
import json, sys
template = json.load(sys.stdin)["spec"]["template"]
spec = template["spec"]
exec(sys.argv[1])
template["metadata"]["name"] = "tried"
json.dump({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": spec}, sys.stdout)
' "${3:-}" | "${kubectl[@]}" -n "$1" create --dry-run=server -f -
}

check "a cluster without CRDs accepts overlays/dev" apply -k deploy/overlays/dev
refuse "it rejects the types of overlays/prod" 'no matches for kind "HTTPRoute"' apply -k deploy/overlays/prod
check "CRDs are accepted" apply -f "$crds"
check "CRDs are served" "${kubectl[@]}" wait --for condition=Established --timeout 60s -f "$crds"
check "overlays/prod is accepted" apply -k deploy/overlays/prod
for overlay in dev prod; do
  check "reapplying overlays/$overlay changes nothing" "${kubectl[@]}" diff --server-side -k "deploy/overlays/$overlay"
done
for namespace in penstock-dev penstock; do
  for deployment in gateway ticks; do
    check "$namespace: the pods of $deployment are admitted" try_pod "$namespace" "$deployment"
    refuse "$namespace: $deployment is rejected as root" 'violates PodSecurity "restricted' \
      try_pod "$namespace" "$deployment" 'spec["securityContext"] = {}'
  done
done
# Last, because it changes the images in the namespace of overlays/prod.
check "the Ingress variant is accepted" apply -k tests/deploy/ingress
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
