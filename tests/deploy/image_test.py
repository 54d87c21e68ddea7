"""Builds the three images with buildah, checks their contents, and runs them with runc as Kubernetes would.

The binaries come from Bazel; --build-context replaces the stages that would compile them. All later stages are those of
./penstock image. Needs root, for buildah and runc.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from container import Container

MEGABYTE = 1000 * 1000
MAX_SIZE = 40 * MEGABYTE
BINARIES = {
    "gateway": "gateway/penstock-gateway",
    "service": "service/penstock-ticks",
    "reference": "gateway/reference/reference-gateway",
}
# Files of an image besides its binary, the loader and the libraries.
EXTRAS = {
    "etc/group",
    "etc/nsswitch.conf",
    "etc/passwd",
    "etc/ssl/certs/ca-certificates.crt",
    "usr/lib/ssl/cert.pem",
}
SCRATCH = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))


def run(*command, **options):
    """Returns what the command prints on stdout; raises with all of its output if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(target, attempt):
    """Builds with ./penstock image, from a newly collected file system, without a cache; returns the image's name."""
    root = os.path.join(SCRATCH, f"{target}-{attempt}")
    run("deploy/collect_libraries.sh", root, BINARIES[target], env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
    output = run("./penstock", "image", target, "--engine", "buildah", "--", "--pull=never", "--no-cache",
                 "--build-context", f"{target}-root={root}")
    return re.search(r"Successfully tagged (\S+)", output).group(1)


def image_id(name):
    return run("buildah", "images", "--no-trunc", "--format", "{{.ID}}", name).strip()


def config(name):
    return json.loads(run("buildah", "inspect", "--type", "image", name))["OCIv1"]["config"]


def files(root):
    found = set()
    for folder, _, names in os.walk(root):
        found.update(os.path.relpath(os.path.join(folder, name), root) for name in names)
    return found


def needed(path):
    """DT_NEEDED and the loader of an ELF file, according to readelf, which does not depend on ldd."""
    text = run("readelf", "--dynamic", "--program-headers", "--wide", path)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text), re.findall(r"interpreter: (.+)\]", text)


class DockerfileTest(unittest.TestCase):
    def test_hadolint_reports_nothing(self):
        with open("../hadolint/FOLDER", encoding="utf-8") as file:
            run(file.read().strip() + "/bin/hadolint", "deploy/Dockerfile")


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.images = {target: build(target, "first") for target in BINARIES}
        cls.ids = {target: image_id(name) for target, name in cls.images.items()}
        cls.roots = {}
        for target, name in cls.images.items():
            container = run("buildah", "from", "--pull-never", name).strip()
            cls.roots[target] = run("buildah", "mount", container).strip()

    def test_same_input_makes_the_same_image(self):
        for target, identity in self.ids.items():
            with self.subTest(target):
                self.assertEqual(image_id(build(target, "second")), identity)

    def test_size(self):
        for target, root in self.roots.items():
            with self.subTest(target):
                size = sum(os.lstat(os.path.join(root, path)).st_size for path in files(root))
                print(f"{target}: {size / MEGABYTE:.1f} MB", file=sys.stderr)
                self.assertLessEqual(size, MAX_SIZE)

    def test_holds_what_the_binary_loads_and_nothing_else(self):
        for target, root in self.roots.items():
            with self.subTest(target):
                binary = "usr/bin/" + os.path.basename(BINARIES[target])
                present = files(root)
                libraries = {os.path.basename(path): path for path in present - EXTRAS - {binary}}
                expected, todo = set(EXTRAS), [binary]
                while todo:
                    path = todo.pop()
                    if path in expected:
                        continue
                    expected.add(path)
                    names, loaders = needed(os.path.join(root, path))
                    todo += [libraries.get(name, f"{name}, which {path} needs") for name in names if name in libraries
                             or not name.startswith("ld-linux")]
                    todo += [loader.lstrip("/") for loader in loaders]
                self.assertEqual(present, expected)

    def test_nothing_is_writable_or_privileged(self):
        for target, root in self.roots.items():
            for path in files(root):
                status = os.lstat(os.path.join(root, path))
                with self.subTest(f"{target}: {path}"):
                    self.assertEqual((status.st_uid, status.st_gid), (0, 0))
                    self.assertTrue(os.path.islink(os.path.join(root, path)) or status.st_mode & 0o7022 == 0)

    def test_configuration(self):
        titles = {"gateway": "penstock-gateway", "service": "penstock-ticks", "reference": "penstock-reference"}
        version = run(BINARIES["gateway"], "--version").split()[1]
        for target, name in self.images.items():
            with self.subTest(target):
                self.assertEqual(name, f"localhost/{titles[target]}:{version}")
                found = config(name)
                self.assertEqual(found["User"], "65532:65532")
                self.assertEqual(found["StopSignal"], "SIGTERM")
                self.assertEqual(found["Entrypoint"][0], "/usr/bin/" + os.path.basename(BINARIES[target]))
                labels = found["Labels"]
                self.assertEqual(labels["org.opencontainers.image.title"], titles[target])
                self.assertEqual(labels["org.opencontainers.image.version"], version)
                # Depends on whether the folder in which Bazel runs the test is a git checkout.
                self.assertRegex(labels["org.opencontainers.image.revision"], "^(unknown|[0-9a-f]{40}(-changed)?)$")
                self.assertEqual(labels["org.opencontainers.image.licenses"], "Apache-2.0")

    def start(self, target, *flags):
        entrypoint = config(self.images[target])["Entrypoint"]
        container = Container(self.roots[target], [*entrypoint, "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0",
                                                   "--drain-window=1s", *flags], SCRATCH)
        self.addCleanup(container.kill)
        return container

    def test_ticks_stream_through_each_gateway(self):
        service = self.start("service", "--drain-delay=0s")
        upstream = "--upstream=" + service.ready("grpc")
        gateways = {
            "gateway": (self.start("gateway", upstream, "--drain-delay=0s"), '{"end":{"code":0}}'),
            "reference": (self.start("reference", upstream), '"sequence":"2"}}'),
        }
        for target, (gateway, last) in gateways.items():
            with self.subTest(target):
                gateway.wait_until_answers(200, gateway.ready("admin"), "/readyz")
                lines = run("curl", "--silent", "--show-error", "--no-buffer", "--max-time", "30", "--json",
                            '{"message":"hello","count":2,"interval":"0.01s"}',
                            f"http://{gateway.ready('http')}/v1/ticks:subscribe").splitlines()
                self.assertIn('"message":"hello","sequence":"1"', lines[0])
                self.assertTrue(lines[-1].endswith(last), lines)
                gateway.assert_restricted(self)
                self.assertEqual(gateway.end(), 0)
        service.assert_restricted(self)
        self.assertEqual(service.end(), 0)

    def test_sigterm_reaches_a_stream_as_its_final_record(self):
        service = self.start("service", "--drain-delay=0s")
        gateway = self.start("gateway", "--upstream=" + service.ready("grpc"), "--drain-delay=0s")
        gateway.wait_until_answers(200, gateway.ready("admin"), "/readyz")
        client = subprocess.Popen(
            ["curl", "--silent", "--no-buffer", "--max-time", "60", "--json", '{"message":"hello","interval":"0.01s"}',
             f"http://{gateway.ready('http')}/v1/ticks:subscribe"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(client.kill)
        self.assertIn('"sequence":"1"', client.stdout.readline())
        self.assertEqual(gateway.end(), 0)
        self.assertIn('{"error":{"code":14,', client.communicate()[0].splitlines()[-1])


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("image_test: buildah and runc need root: run the test as root")
    os.environ["BUILDAH_ISOLATION"] = "chroot"
    # A separate image store, with the driver that works on every file system.
    os.environ["CONTAINERS_STORAGE_CONF"] = os.path.join(SCRATCH, "storage.conf")
    with open(os.environ["CONTAINERS_STORAGE_CONF"], "w", encoding="utf-8") as file:
        file.write(f'[storage]\ndriver = "vfs"\nrunroot = "{SCRATCH}/run"\ngraphroot = "{SCRATCH}/store"\n')
    try:
        unittest.main(verbosity=2)
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
