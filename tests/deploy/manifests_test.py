"""Checks the rendered manifests of deploy/: valid for Kubernetes, allowed at Pod Security's level `restricted`, and the
project's own rules, which no tool checks."""

import re
import signal
import subprocess
import threading
import unittest

import manifests

GATEWAY, TICKS = "gateway/penstock-gateway", "service/penstock-ticks"
BINARIES = {"gateway": GATEWAY, "ticks": TICKS}
SECONDS = 60  # per step; generous, for busy machines
# Time that a pod needs after the drain window to flush the last final records and exit.
GRACE_RESERVE = 5


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def bytes_of(quantity):
    number, unit = re.fullmatch(r"(\d+)(Ki|Mi|Gi)", quantity).groups()
    return int(number) * 1024 ** (["Ki", "Mi", "Gi"].index(unit) + 1)


class Overlay:
    def __init__(self, name):
        self.text = manifests.render(manifests.OVERLAYS[name])
        self.objects = manifests.objects(self.text)

    def all(self, kind):
        return [item for item in self.objects if item["kind"] == kind]

    def get(self, kind, name):
        found = [item for item in self.all(kind) if item["metadata"]["name"] == name]
        assert len(found) == 1, f"{kind} {name}: {len(found)} of them"
        return found[0]

    def pod(self, name):
        return self.get("Deployment", name)["spec"]["template"]["spec"]

    def container(self, name):
        containers = self.pod(name)["containers"]
        assert len(containers) == 1
        return containers[0]

    def flags(self, name):
        return dict(argument.split("=", 1) for argument in self.container(name)["args"])

    def ports(self, name):
        return {port["name"]: port["containerPort"] for port in self.container(name)["ports"]}


OVERLAYS = {name: Overlay(name) for name in manifests.OVERLAYS}


def for_each_overlay(test):
    def run(self):
        for name, overlay in OVERLAYS.items():
            with self.subTest(name):
                test(self, overlay)

    return run


def for_each_workload(test):
    def run(self):
        for name, overlay in OVERLAYS.items():
            for workload in BINARIES:
                with self.subTest(f"{name}: {workload}"):
                    test(self, overlay, workload)

    return run


class ManifestsTest(unittest.TestCase):
    # --- Tools -------------------------------------------------------------------------------------------------------

    @for_each_overlay
    def test_valid_to_kubernetes(self, overlay):
        status, output = manifests.kubeconform(overlay.text)
        self.assertEqual(status, 0, output)
        self.assertIn(f"{len(overlay.objects)} resources found", output)
        self.assertIn("Skipped: 0", output)

    def test_validation_can_fail(self):
        broken = OVERLAYS["prod"].text
        for good, bad in (
                ("terminationGracePeriodSeconds:", "terminationGraceSeconds:"),  # Deployment: no such field
                ("  jobLabel:", "  jobLable:"),  # ServiceMonitor: of a CRD
                ("minReplicas: 3", "minReplicas: three"),  # HorizontalPodAutoscaler: another type
        ):
            self.assertIn(good, broken)
            broken = broken.replace(good, bad)
        status, output = manifests.kubeconform(broken)
        self.assertNotEqual(status, 0)
        self.assertIn("Invalid: 6", output)

    @for_each_overlay
    def test_allowed_at_restricted(self, overlay):
        status, output = manifests.podsecurity(overlay.text)
        self.assertEqual(status, 0, output)
        self.assertEqual(output.count(": allowed"), 2, output)

    def test_restricted_can_refuse(self):
        for promise in ("runAsNonRoot: true", "allowPrivilegeEscalation: false", "type: RuntimeDefault", "- ALL"):
            broken = "\n".join(line for line in OVERLAYS["dev"].text.splitlines() if line.strip() != promise)
            self.assertNotEqual(broken, OVERLAYS["dev"].text.rstrip("\n"), promise)
            broken = broken.replace("          drop:\n", "")
            self.assertNotEqual(manifests.podsecurity(broken)[0], 0, promise)

    # --- The binaries ------------------------------------------------------------------------------------------------

    @for_each_workload
    def test_binary_starts_with_what_the_manifest_gives_it(self, overlay, workload):
        arguments = [re.sub(r"^(--(?:admin-)?listen)=.*", r"\1=127.0.0.1:0", argument)
                     for argument in overlay.container(workload)["args"]]
        variables = {entry["name"]: "1" for entry in overlay.container(workload)["env"]}
        process = subprocess.Popen([BINARIES[workload], *arguments], env=variables, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.kill)
        watchdog = threading.Timer(SECONDS, process.kill)
        watchdog.start()
        output = ""
        for line in process.stdout:
            output += line
            if " ready " in line:
                # The second signal skips the delay and the window.
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGINT)
        watchdog.cancel()
        process.stdout.close()
        self.assertEqual(process.wait(), 0, output)
        self.assertIn(" ready ", output)

    @for_each_workload
    def test_variables_are_the_binarys(self, overlay, workload):
        status, help_text = manifests.run(BINARIES[workload], "--help")
        self.assertEqual(status, 0)
        for entry in overlay.container(workload)["env"]:
            flag = "--" + entry["name"].removeprefix("PENSTOCK_").lower().replace("_", "-")
            self.assertRegex(help_text, rf"(?m)^ *{flag} ")

    def test_development_images_are_those_that_are_built(self):
        for workload, binary in BINARIES.items():
            version = subprocess.check_output([binary, "--version"], text=True).split()
            self.assertEqual(OVERLAYS["dev"].container(workload)["image"], ":".join(version))

    # --- 1: two Deployments, each with an account of its own ---------------------------------------------------------

    @for_each_workload
    def test_accounts_have_no_token(self, overlay, workload):
        self.assertEqual(overlay.pod(workload)["serviceAccountName"], workload)
        self.assertIs(overlay.pod(workload)["automountServiceAccountToken"], False)
        self.assertIs(overlay.get("ServiceAccount", workload)["automountServiceAccountToken"], False)

    @for_each_overlay
    def test_gateway_balances_over_pods_itself(self, overlay):
        self.assertEqual(overlay.get("Service", "ticks")["spec"]["clusterIP"], "None")
        self.assertEqual(overlay.flags("gateway")["--upstream"], f"dns:///ticks:{overlay.ports('ticks')['grpc']}")
        self.assertEqual(overlay.flags("gateway")["--upstream-health-check"], "on")

    @for_each_overlay
    def test_services_reach_named_ports_of_their_pods(self, overlay):
        for service in overlay.all("Service"):
            workload = service["metadata"]["name"].removesuffix("-admin")
            labels = overlay.get("Deployment", workload)["spec"]["template"]["metadata"]["labels"]
            self.assertLessEqual(service["spec"]["selector"].items(), labels.items())
            for port in service["spec"]["ports"]:
                self.assertIn(port["targetPort"], overlay.ports(workload))
                if port["name"] != "admin":
                    self.assertEqual(port["appProtocol"], "kubernetes.io/h2c")

    @for_each_workload
    def test_ports_are_those_that_are_listened_on(self, overlay, workload):
        ports, flags = overlay.ports(workload), overlay.flags(workload)
        self.assertEqual(flags["--listen"], f":{ports['http' if workload == 'gateway' else 'grpc']}")
        self.assertEqual(flags["--admin-listen"], f":{ports['admin']}")

    # --- 2: probes ---------------------------------------------------------------------------------------------------

    @for_each_overlay
    def test_probes(self, overlay):
        container = overlay.container("gateway")
        self.assertEqual(container["startupProbe"]["httpGet"], {"path": "/livez", "port": "admin"})
        self.assertEqual(container["livenessProbe"]["httpGet"], {"path": "/livez", "port": "admin"})
        self.assertEqual(container["readinessProbe"]["httpGet"], {"path": "/readyz", "port": "admin"})
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            # A gRPC probe takes no port's name.
            self.assertEqual(overlay.container("ticks")[probe]["grpc"], {"port": overlay.ports("ticks")["grpc"]})

    @for_each_overlay
    def test_admin_is_apart_from_the_public_service(self, overlay):
        self.assertEqual([port["name"] for port in overlay.get("Service", "gateway")["spec"]["ports"]], ["http"])

    # --- 3: beyond what `restricted` asks for ------------------------------------------------------------------------

    @for_each_workload
    def test_root_is_read_only_and_the_user_is_the_images(self, overlay, workload):
        self.assertIs(overlay.container(workload)["securityContext"]["readOnlyRootFilesystem"], True)
        self.assertEqual(overlay.pod(workload)["securityContext"]["runAsUser"], 65532)
        self.assertEqual(overlay.pod(workload)["securityContext"]["runAsGroup"], 65532)
        self.assertNotIn("volumes", overlay.pod(workload))

    def test_namespaces_enforce_restricted(self):
        for name in ("dev", "prod"):
            (namespace,) = OVERLAYS[name].all("Namespace")
            self.assertEqual(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")
            for item in OVERLAYS[name].objects:
                if item["kind"] != "Namespace":
                    self.assertEqual(item["metadata"]["namespace"], namespace["metadata"]["name"])

    # --- 4: resources ------------------------------------------------------------------------------------------------

    @for_each_workload
    def test_memory_is_reserved_and_cpu_is_not_limited(self, overlay, workload):
        resources = overlay.container(workload)["resources"]
        self.assertEqual(set(resources["requests"]), {"cpu", "memory"})
        self.assertEqual(resources["limits"], {"memory": resources["requests"]["memory"]})

    @for_each_workload
    def test_threads_follow_the_cpu_request(self, overlay, workload):
        self.assertEqual(overlay.container(workload)["env"], [{
            "name": "PENSTOCK_THREADS",
            "valueFrom": {"resourceFieldRef": {
                "containerName": workload, "resource": "requests.cpu", "divisor": "1"}},
        }])
        self.assertIs(overlay.pod(workload)["enableServiceLinks"], False)

    def test_memory_holds_the_streams_that_autoscaling_allows(self):
        overlay = OVERLAYS["prod"]
        (streams,) = [int(metric["pods"]["target"]["averageValue"])
                      for metric in overlay.get("HorizontalPodAutoscaler", "gateway")["spec"]["metrics"]
                      if metric["type"] == "Pods"]
        window = 64 * 1024  # --stream-window-bytes, if every client is slow
        self.assertLess(streams * window, bytes_of(overlay.container("gateway")["resources"]["limits"]["memory"]))

    # --- 5: endings --------------------------------------------------------------------------------------------------

    @for_each_workload
    def test_grace_covers_the_drain(self, overlay, workload):
        flags, pod = overlay.flags(workload), overlay.pod(workload)
        drain = seconds(flags["--drain-delay"]) + seconds(flags["--drain-window"])
        self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], drain + GRACE_RESERVE)
        self.assertNotIn("lifecycle", overlay.container(workload), "a preStop hook would delay twice")

    @for_each_workload
    def test_rollouts_and_evictions_keep_capacity(self, overlay, workload):
        deployment = overlay.get("Deployment", workload)["spec"]
        self.assertEqual(deployment["strategy"]["rollingUpdate"], {"maxSurge": 1, "maxUnavailable": 0})
        self.assertNotIn("replicas", deployment, "applying again would undo the autoscaler")
        budget = overlay.get("PodDisruptionBudget", workload)["spec"]
        self.assertEqual(budget["unhealthyPodEvictionPolicy"], "AlwaysAllow")
        self.assertEqual(budget["selector"], deployment["selector"])

    @for_each_overlay
    def test_a_new_tick_pod_counts_when_the_gateways_know_it(self, overlay):
        resolve_every, dns_ttl = 30, 5
        self.assertGreaterEqual(overlay.get("Deployment", "ticks")["spec"]["minReadySeconds"],
                                resolve_every + dns_ttl)

    @for_each_workload
    def test_pods_are_spread(self, overlay, workload):
        constraints = overlay.pod(workload)["topologySpreadConstraints"]
        self.assertEqual([constraint["topologyKey"] for constraint in constraints],
                         ["topology.kubernetes.io/zone", "kubernetes.io/hostname"])
        for constraint in constraints:
            self.assertEqual(constraint["labelSelector"], overlay.get("Deployment", workload)["spec"]["selector"])

    # --- 6: autoscaling ----------------------------------------------------------------------------------------------

    def test_autoscaling_counts_streams_then_cpu(self):
        for workload, metric in (("gateway", "penstock_streams_active"), ("ticks", "penstock_ticks_streams_active")):
            spec = OVERLAYS["prod"].get("HorizontalPodAutoscaler", workload)["spec"]
            self.assertEqual(spec["scaleTargetRef"],
                             {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload})
            self.assertEqual([entry["type"] for entry in spec["metrics"]], ["Pods", "Resource"])
            self.assertEqual(spec["metrics"][0]["pods"]["metric"]["name"], metric)
            self.assertEqual(spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"], 300)
            self.assertGreaterEqual(spec["minReplicas"], 2)

    @for_each_overlay
    def test_new_tick_pods_get_streams(self, overlay):
        self.assertIn("--max-connection-age", overlay.flags("ticks"))

    # --- 7: network --------------------------------------------------------------------------------------------------

    @for_each_overlay
    def test_only_named_edges_exist(self, overlay):
        monitoring = ({"namespace": {"kubernetes.io/metadata.name": "monitoring"}},)
        pods = {name: ({"pod": {"app.kubernetes.io/name": f"penstock-{name}"}},) for name in BINARIES}
        dns = ({"namespace": {"kubernetes.io/metadata.name": "kube-system"}, "pod": {"k8s-app": "kube-dns"}},)
        anywhere = ()
        expected = {
            "default-deny": {"ingress": [], "egress": []},
            "gateway": {
                "ingress": [(anywhere, [("TCP", "http")]), (monitoring, [("TCP", "admin")])],
                "egress": [(pods["ticks"], [("TCP", "grpc")]), (dns, [("UDP", 53), ("TCP", 53)])],
            },
            "ticks": {
                "ingress": [(pods["gateway"], [("TCP", "grpc")]), (monitoring, [("TCP", "admin")])],
                "egress": [],
            },
        }

        def peers(rule, direction):
            found = []
            for peer in rule.get(direction, []):
                self.assertLessEqual(set(peer), {"namespaceSelector", "podSelector"})
                found.append({key.removesuffix("Selector"): peer[key]["matchLabels"] for key in peer})
            return tuple(found)

        edges = {}
        for policy in overlay.all("NetworkPolicy"):
            spec, name = policy["spec"], policy["metadata"]["name"]
            self.assertEqual(spec["policyTypes"], ["Ingress", "Egress"])
            self.assertEqual(spec["podSelector"], {} if name == "default-deny" else {
                "matchLabels": {"app.kubernetes.io/name": f"penstock-{name}"}})
            edges[name] = {
                kind: [(peers(rule, direction),
                        [(port.get("protocol", "TCP"), port["port"]) for port in rule["ports"]])
                       for rule in spec.get(kind, [])]
                for kind, direction in (("ingress", "from"), ("egress", "to"))}
        self.assertEqual(edges, expected)

    # --- 8: the ways in ----------------------------------------------------------------------------------------------

    def test_route_has_no_timeout(self):
        route = OVERLAYS["prod"].get("HTTPRoute", "gateway")["spec"]
        (rule,) = route["rules"]
        self.assertEqual(rule["timeouts"]["request"], "0s")
        self.assertEqual([(ref["name"], ref["port"]) for ref in rule["backendRefs"]], [("gateway", 80)])

    def test_ingress_does_not_buffer(self):
        ingress = OVERLAYS["ingress"].get("Ingress", "gateway")
        self.assertEqual(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-buffering"], "off")

    # --- 9: components, labels, digests ------------------------------------------------------------------------------

    def test_a_bare_cluster_takes_the_development_overlay(self):
        groups = {item["apiVersion"].rpartition("/")[0] for item in OVERLAYS["dev"].objects}
        self.assertLessEqual(groups, {"", "apps", "policy", "networking.k8s.io"})

    def test_production_images_are_named_by_digest(self):
        for workload in BINARIES:
            self.assertRegex(OVERLAYS["prod"].container(workload)["image"], r"^[^@:]+@sha256:[0-9a-f]{64}$")

    @for_each_overlay
    def test_everything_is_labelled(self, overlay):
        for item in overlay.objects:
            self.assertEqual(item["metadata"]["labels"]["app.kubernetes.io/part-of"], "penstock", item["kind"])

    def test_scrapes_meet_the_admin_ports(self):
        for workload in BINARIES:
            monitor = OVERLAYS["prod"].get("ServiceMonitor", workload)["spec"]
            services = [service for service in OVERLAYS["prod"].all("Service")
                        if monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()]
            (port,) = [endpoint["port"] for endpoint in monitor["endpoints"]]
            scraped = [service for service in services if port in [entry["name"] for entry in service["spec"]["ports"]]]
            self.assertEqual(len(scraped), 1, "scraped twice, or never")


if __name__ == "__main__":
    unittest.main(verbosity=2)
