"""A program in its own root file system, run by runc with the restrictions of the Kubernetes manifests.

    container = Container(root, ["/usr/bin/penstock-gateway", "--listen=127.0.0.1:0"], scratch)
    container.ready("http")                                   # the address that its ready line names
    container.end()                                           # SIGTERM; the exit code

The user is 65532, the root read-only, all capabilities are dropped, no_new_privs is set, and system calls are filtered
by the default seccomp profile of container engines. The network is the machine's, so that tests reach it on loopback.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request

from processes import SECONDS, Program

USER = 65532
# From Debian's golang-github-containers-common, a dependency of buildah: podman's default, and in substance
# RuntimeDefault in containerd and CRI-O.
SECCOMP_PROFILE = "/usr/share/containers/seccomp.json"


def seccomp():
    """The profile in runc's format, its conditions evaluated without capabilities and for this architecture."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    with open(SECCOMP_PROFILE, encoding="utf-8") as file:
        profile = json.load(file)

    def applies(rule):
        includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
        if includes.get("caps") or machine in excludes.get("arches", []):
            return False
        return machine in includes.get("arches", [machine])

    fields = ("names", "action", "args", "errnoRet")
    return {
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
        "syscalls": [{field: rule[field] for field in fields if rule.get(field) is not None}
                     for rule in profile["syscalls"] if applies(rule)],
    }


def runtime_spec(root, arguments):
    capabilities = ("bounding", "effective", "inheritable", "permitted", "ambient")
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": USER, "gid": USER},
            "args": arguments,
            "env": [],
            "cwd": "/",
            "capabilities": {kind: [] for kind in capabilities},
            "noNewPrivileges": True,
        },
        "root": {"path": root, "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")], "seccomp": seccomp()},
    }


class Container(Program):
    count = 0

    def __init__(self, root, arguments, scratch):
        Container.count += 1
        self.name = f"penstock-test-{os.getpid()}-{Container.count}"
        bundle = os.path.join(scratch, self.name)
        os.mkdir(bundle)
        with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as file:
            json.dump(runtime_spec(root, arguments), file)
        self.state = os.path.join(scratch, "runc")
        self.log = os.path.join(bundle, "log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["runc", "--root", self.state, "run", "--bundle", bundle, self.name],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def output(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def wait_until_answers(self, status, address, path):
        def answers():
            try:
                with urllib.request.urlopen(f"http://{address}{path}", timeout=SECONDS) as reply:
                    return reply.status == status
            except urllib.error.HTTPError as error:
                return error.code == status

        self.wait_for(f"{status} from {path}", answers)

    def assert_restricted(self, test):
        """Checks in /proc that the running process has the restrictions of the manifest."""
        state = json.loads(subprocess.check_output(["runc", "--root", self.state, "state", self.name]))
        folder = f"/proc/{state['pid']}"
        with open(folder + "/status", encoding="utf-8") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        test.assertEqual(set(status["Uid"].split() + status["Gid"].split()), {str(USER)})
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            test.assertEqual(int(status[kind], 16), 0, kind)
        test.assertEqual(status["NoNewPrivs"], "1")
        test.assertEqual(status["Seccomp"], "2")
        with open(folder + "/mountinfo", encoding="utf-8") as file:
            root = [line.split()[5] for line in file if line.split()[4] == "/"]
        test.assertTrue(root and root[-1].split(",")[0] == "ro", root)

    def end(self):
        """Sends SIGTERM, which runc forwards; returns the exit code."""
        self.process.terminate()
        return self.process.wait(SECONDS)

    def kill(self):
        """Removes the container in any state."""
        subprocess.run(["runc", "--root", self.state, "delete", "--force", self.name], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process.wait(SECONDS)
