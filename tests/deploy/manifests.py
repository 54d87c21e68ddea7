"""The overlays as kustomize renders them, and the pinned tools that check them."""

import functools
import json
import os
import subprocess

import yaml

# Each overlay, and the cluster that it stands for.
OVERLAYS = {
    "dev": "deploy/overlays/dev",  # a bare cluster
    "prod": "deploy/overlays/prod",  # Gateway API, the Prometheus operator, custom metrics
    "ingress": "tests/deploy/ingress",  # ingress-nginx
}


def tool_folder(name):
    """The tool's folder, from the FOLDER file that its Bazel repository has."""
    with open(f"../{name}/FOLDER", encoding="utf-8") as file:
        return file.read().strip()


def run(*command, **options):
    """(exit code, stdout and stderr)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    return done.returncode, done.stdout


def render(path):
    """The overlay as one YAML text. Rendered from a copy, because Bazel's symbolic links lead out of the overlay's
    folder and kustomize does not follow such links."""
    scratch = os.path.join(os.environ["TEST_TMPDIR"], "tree")
    for top in ("deploy", "tests/deploy"):
        os.makedirs(os.path.join(scratch, top), exist_ok=True)
        subprocess.run(["cp", "--recursive", "--dereference", top + "/.", os.path.join(scratch, top)], check=True)
    status, text = run(tool_folder("kubernetes") + "/bin/kustomize", "build", os.path.join(scratch, path))
    if status != 0:
        raise AssertionError(f"kustomize build {path}:\n{text}")
    return text


def objects(text):
    return [item for item in yaml.safe_load_all(text) if item]


def one(items, kind, name):
    (found,) = [item for item in items if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


def alert_groups(items):
    return one(items, "PrometheusRule", "penstock")["spec"]["groups"]


def dashboard(items):
    return json.loads(one(items, "ConfigMap", "penstock-dashboard")["data"]["penstock.json"])


def close_objects(schema):
    """Makes the schema reject unknown fields, as the API server does with --validate=strict."""
    if isinstance(schema, list):
        for item in schema:
            close_objects(item)
    if not isinstance(schema, dict):
        return
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    for value in schema.values():
        close_objects(value)


@functools.cache
def crd_schemas():
    """A folder with the custom resource types as JSON schemas, under the names that kubeconform expects."""
    folder = os.path.join(os.environ["TEST_TMPDIR"], "crd-schemas")
    os.makedirs(folder, exist_ok=True)
    crds = tool_folder("kubernetes") + "/crds"
    for name in sorted(os.listdir(crds)):
        with open(os.path.join(crds, name), encoding="utf-8") as file:
            spec = yaml.load(file, yaml.CSafeLoader)["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            # The API server validates these two; a CRD's schema leaves them open.
            for name_of_open in ("metadata", "status"):
                schema["properties"][name_of_open] = {"type": "object"}
            close_objects(schema)
            kind, group = spec["names"]["kind"].lower(), spec["group"].split(".")[0]
            with open(os.path.join(folder, f"{kind}-{group}-{version['name']}.json"), "w", encoding="utf-8") as file:
                json.dump(schema, file)
    return folder


def kubeconform(text):
    kubernetes = tool_folder("kubernetes")
    name = "{{.ResourceKind}}{{.KindSuffix}}.json"
    return run(kubernetes + "/bin/kubeconform", "-strict", "-summary", "-schema-location",
               f"{kubernetes}/schemas/{name}", "-schema-location", f"{crd_schemas()}/{name}", input=text)


def podsecurity(text):
    return run(tool_folder("kubernetes") + "/bin/podsecurity", "restricted", input=text)
